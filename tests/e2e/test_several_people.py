"""The real program with several people: each one's password, each one's role."""

import json
from functools import partial

import pytest

ANNAS, TOMS = "anna's long password", "tom's long password"


@pytest.fixture
def clinic(program, own_data_folder):
    """Commands by anna or tom on records of their own; passwords in the environment alone."""

    def run(*arguments, user, password, new=""):
        variables = {
            "RETINA_USER": user,
            "RETINA_PASSWORD": password,
            "RETINA_NEW_PASSWORD": new,
        }
        return program(*arguments, environment=variables)

    return run


def test_two_people_share_the_records(clinic, own_data_folder):
    anna = partial(clinic, user="anna", password=ANNAS)
    tom = partial(clinic, user="tom", password=TOMS)
    assert anna("records", "setup", "--administrator", "anna").code == 0
    assert anna("users", "add", "tom", "--role", "technician", new=TOMS).code == 0
    refused = tom("users", "list")
    assert (refused.code, refused.out, refused.err.count("\n")) == (3, "", 1)
    wrong = clinic("worklist", user="tom", password="a guess of a password")
    nobody = clinic("worklist", user="nobody", password="a guess of a password")
    assert wrong == nobody
    trail = json.loads(anna("audit", "show", "--json").out)["entries"]
    told = [(e["stamp"]["user"], e["event"]["action"]) for e in trail]
    assert ("tom", "logged in") in told
    assert told.count(("anna", "login refused")) == 2
    logged = (own_data_folder / "logs" / "retina-desktop.log").read_text()
    for secret in (ANNAS, TOMS, "a guess"):
        assert secret not in logged
        for file in (own_data_folder / "records").glob("*.json"):
            assert secret not in file.read_text()
