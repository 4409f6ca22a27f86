"""The node's certificates, made by the openssl program: the standard library of Python makes none.

All are made together in a folder beside the final one and then renamed, so that an interrupt never leaves a
set in which one half does not know the other.
"""

import base64
import shutil
from dataclasses import dataclass
from pathlib import Path
from string import Template

from arkalia_dev.commands import Action, Call, command
from arkalia_dev.files import read_json, write, write_json
from arkalia_dev.init import HOST_NAME
from arkalia_dev.run import attempt
from arkalia_dev.subnets import Subnets

AUTHORITY_DAYS = 3650
LEAF_DAYS = 825
RENEW_SECONDS = 30 * 24 * 3600
NODE_NAME = HOST_NAME
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc")


@dataclass(frozen=True)
class Leaf:
    """A certificate for one user of the API server."""

    file: str
    subject: str
    """In openssl's form; O is the group and CN the user in Kubernetes."""
    section: str = "client"
    authority: str = "ca"


AUTHORITIES = ("ca", "front-proxy-ca")
LEAVES = (
    Leaf("apiserver", "/CN=kube-apiserver", "server"),
    Leaf("kubelet", f"/O=system:nodes/CN=system:node:{NODE_NAME}", "server"),
    Leaf("apiserver-kubelet-client", "/O=system:masters/CN=kube-apiserver-kubelet-client"),
    Leaf("controller-manager", "/CN=system:kube-controller-manager"),
    Leaf("scheduler", "/CN=system:kube-scheduler"),
    Leaf("kube-proxy", "/CN=system:kube-proxy"),
    Leaf("admin", "/O=system:masters/CN=arkalia-admin"),
    Leaf("front-proxy-client", "/CN=front-proxy-client", authority="front-proxy-ca"),
)


def subject_alternative_names(subnets: Subnets) -> str:
    """Every name and address under which the API server or the kubelet is called."""
    names = ("localhost", NODE_NAME, "kubernetes", "kubernetes.default", "kubernetes.default.svc")
    dns = (*names, "kubernetes.default.svc.cluster.local")
    addresses = ("127.0.0.1", subnets.node, subnets.kubernetes)
    return ", ".join([*(f"DNS:{name}" for name in dns), *(f"IP:{ip}" for ip in addresses)])


def are_valid(pki: Path, subnets: Subnets) -> bool:
    """Whether the set exists, was made for these addresses and lasts another 30 days."""
    if read_json(pki / "made-for.json") != subject_alternative_names(subnets):
        return False
    return all(_lasts(pki / f"{leaf.file}.crt") for leaf in LEAVES)


def _lasts(certificate: Path) -> bool:
    question = ("openssl", "x509", "-checkend", str(RENEW_SECONDS), "-noout", "-in", certificate)
    return attempt(*question).returncode == 0


def actions(pki: Path, template: Path, subnets: Subnets) -> list[Action]:
    """What makes the whole set and puts it in the place of an older one."""
    new = pki.with_name("pki.new")
    names = subject_alternative_names(subnets)
    configuration = Template(template.read_text()).substitute(names=names)
    made: list[Action] = [
        Call(f"make the folder {new} (0700) with openssl.cnf", lambda: _prepare(new, configuration))
    ]
    made += [_authority(new, name) for name in AUTHORITIES]
    made += [_leaf(new, leaf) for leaf in LEAVES]
    key, public = new / "service-accounts.key", new / "service-accounts.pub"
    curve = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    made.append(command("openssl", "genpkey", *curve, "-out", key))
    made.append(command("openssl", "pkey", "-in", key, "-pubout", "-out", public))
    made.append(Call(f"put {new} in the place of {pki}", lambda: _install(new, pki, names)))
    return made


def _prepare(new: Path, configuration: str) -> None:
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    write(new / "openssl.cnf", configuration)


def _authority(folder: Path, name: str) -> Action:
    files = ("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt")
    subject = ("-subj", f"/CN=arkalia-{name}", "-extensions", "authority")
    config = ("-config", folder / "openssl.cnf", "-days", str(AUTHORITY_DAYS))
    return command("openssl", "req", "-x509", *CURVE, *config, *subject, *files)


def _leaf(folder: Path, leaf: Leaf) -> Action:
    files = ("-keyout", folder / f"{leaf.file}.key", "-out", folder / f"{leaf.file}.crt")
    signer = folder / leaf.authority
    signed = ("-CA", signer.with_suffix(".crt"), "-CAkey", signer.with_suffix(".key"))
    subject = ("-subj", leaf.subject, "-extensions", leaf.section)
    config = ("-config", folder / "openssl.cnf", "-days", str(LEAF_DAYS))
    return command("openssl", "req", "-x509", *CURVE, *config, *signed, *subject, *files)


def _install(new: Path, pki: Path, names: str) -> None:
    for key in new.glob("*.key"):
        key.chmod(0o600)
    write_json(new / "made-for.json", names)
    shutil.rmtree(pki, ignore_errors=True)
    new.rename(pki)


def encoded(path: Path) -> str:
    """The file as base64, as a kubeconfig embeds it."""
    return base64.b64encode(path.read_bytes()).decode()
