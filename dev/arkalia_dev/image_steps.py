"""The steps that build images: with Docker where its engine runs, else with buildah."""

from arkalia_dev import packages
from arkalia_dev.buildah import Buildah
from arkalia_dev.commands import Action
from arkalia_dev.images import Image
from arkalia_dev.kind import Kind
from arkalia_dev.lanes import SYSTEM
from arkalia_dev.plan import Step

BASE_STEP = "Make the base image"
PACKAGES_STEP = "Install packages for images"
PRUNE_STEP = "Remove old images"
ADVICE = "A download may have failed: run the command again, finished layers are kept."


def name_of(image: Image) -> str:
    """The step that builds *image*."""
    return f"Build the image {image.name}"


def buildah_steps(buildah: Buildah, images: list[Image]) -> list[Step]:
    """Packages, base and every image, without a Docker engine."""
    begun: list[Image] = []

    def actions(image: Image) -> list[Action]:
        begun.append(image)
        return buildah.build_actions(image)

    def build(image: Image) -> Step:
        return Step(
            name_of(image),
            SYSTEM,
            lambda: actions(image),
            lambda: buildah.is_built(image),
            advice=ADVICE,
        )

    wanted = packages.IMAGES
    install = Step(
        PACKAGES_STEP,
        SYSTEM,
        lambda: packages.install_actions(wanted),
        lambda: not packages.missing(wanted),
    )
    base = Step(
        BASE_STEP,
        SYSTEM,
        buildah.base_actions,
        lambda: buildah.has(buildah.base()),
        advice="debootstrap needs the machine's Debian mirror: see /etc/apt/sources.list.",
    )
    # Once for all: looking through the store takes as long as building an image from its layers.
    prune = Step(PRUNE_STEP, SYSTEM, buildah.prune_actions, lambda: not begun)
    return [install, base, *(build(image) for image in images), prune]


def docker_steps(kind: Kind, revision: str, images: list[Image]) -> list[Step]:
    """Every image, with Docker."""

    def build(image: Image) -> Step:
        return Step(
            name_of(image),
            SYSTEM,
            lambda: kind.build_actions(image, revision),
            lambda: kind.is_built(image),
            advice=ADVICE,
        )

    return [build(image) for image in images]
