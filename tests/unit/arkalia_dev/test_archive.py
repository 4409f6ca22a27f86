import hashlib
import json
import tarfile

from arkalia_dev.archive import ProgramImage, write_archive


def written(tmp_path, *images):
    program = tmp_path / "program"
    program.write_bytes(b"#!static")
    archive = tmp_path / "images.tar"
    write_archive(archive, tuple(image(program) for image in images), "x86_64")
    return tarfile.open(archive)


def shell(program):
    return ProgramImage("localhost/shell:1", program, "bin/busybox", ("bin/sh",), ("/bin/sh",))


def plain(program):
    return ProgramImage("localhost/plain:1", program, "plain")


def test_archive_lists_every_image_under_its_reference(tmp_path):
    with written(tmp_path, shell, plain) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))

    assert [row["RepoTags"] for row in manifest] == [["localhost/shell:1"], ["localhost/plain:1"]]


def test_configuration_names_the_layer_that_is_in_the_archive(tmp_path):
    with written(tmp_path, plain) as archive:
        [row] = json.load(archive.extractfile("manifest.json"))
        configuration = json.load(archive.extractfile(row["Config"]))
        layer = archive.extractfile(row["Layers"][0]).read()

    assert configuration["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    assert configuration["architecture"] == "amd64"
    assert configuration["config"]["Entrypoint"] == ["/plain"]


def test_layer_holds_the_program_and_its_links(tmp_path):
    with written(tmp_path, shell) as archive:
        [row] = json.load(archive.extractfile("manifest.json"))
        with tarfile.open(fileobj=archive.extractfile(row["Layers"][0])) as layer:
            entries = {entry.name: entry for entry in layer}

    assert entries["bin/busybox"].mode == 0o755
    assert entries["bin/sh"].linkname == "/bin/busybox"
    assert entries["tmp"].mode == 0o1777


def test_archive_is_the_same_when_it_is_written_again(tmp_path):
    first, second = tmp_path / "1", tmp_path / "2"
    for folder in (first, second):
        folder.mkdir()
        written(folder, shell, plain).close()

    assert (first / "images.tar").read_bytes() == (second / "images.tar").read_bytes()
