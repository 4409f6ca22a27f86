"""Answers of which it is known whether they hold: to fit the validation of answers, and to judge it.

A world is drawn by chance, with a seed: modules, and what is true of them. Evidence tells of it, and
an answer repeats some of it in other words; in every second answer one thing is changed. What is
fitted and what is judged share no phrasing, no name and no random number.
"""
