"""The SQL as text: portable, named parameters only, every order full, every file with a header that can be used.

What may differ between engines without a word is refused here; everything else has to transpile to Spark without an error.
"""

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import ErrorLevel, exp

import sql
from jobs.corrections import CREATED
from jobs.detect import SEVERITIES, checks
from jobs.policy import ACTIONS

FILES = sorted(path.relative_to(sql.ROOT).with_suffix("").as_posix() for path in sql.ROOT.rglob("*.sql"))
RULES = frozenset(
    [
        *(f"G{n}" for n in range(1, 15)), "G1a", "G2a", "G9a", "G9b",
        *(f"T{n}" for n in range(1, 11)), *(f"C{n}" for n in range(1, 6)), *(f"X{n}" for n in range(1, 6)),
        *(f"P{n}" for n in range(4)), *(f"M{n}" for n in range(1, 16)), "W1", "W2",
    ]
)  # fmt: skip
"""Every rule id of the domain."""
REFUSED = {
    r"\blist\([^()]*order by": "loses its order elsewhere: list_sort(list(...))",
    r"\bto_json\(": "drops nulls elsewhere",
    r"\basof\b": "is known to one engine only",
    r"\b(un)?pivot\b": "is spelled otherwise everywhere",
    r"\*\s*exclude\b": "is known to one engine only",
    r"\bregexp_full_match\(": "regexp_matches('^…$')",
    r"\bstrip_accents\(": "is known to one engine only",
    r"\bnfc_normalize\(": "is known to one engine only",
    r"\bqualify\b": "a subquery says the same",
    r"\bgroup by all\b": "name the columns",
    r"\busing\s*\(": "name both columns",
    r"\?(?!')(?=\s*[,)]|\s*$)": "name the parameter",
    r"\$\d": "name the parameter",
    r"[^:]::\s*[a-z]": "cast(… as …)",
}
SIMILARITY = re.compile(r"\b(levenshtein|damerau_levenshtein|jaro\w*|jaccard|editdist3|hamming|mismatches)\(")
# Read in bulk and thrown away within one engine, never carried to another: the loader's own temp table and insert.
ENGINE_ONLY = {"phones"}


def _code(name: str) -> str:
    """A file without its comments."""
    return re.sub(r"--[^\n]*", "", sql.script(name).text)


def _bare(name: str) -> str:
    """A file without comments and without what stands between quotes."""
    return re.sub(r"'(?:[^']|'')*'", "''", _code(name))


def _header(name: str) -> str:
    lines = sql.script(name).text.splitlines()
    return "\n".join(
        line for line in lines[: next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))]
    )


@pytest.mark.parametrize("name", FILES)
def test_nothing_that_other_engines_read_otherwise(name: str) -> None:
    found = {why for pattern, why in REFUSED.items() if re.search(pattern, _bare(name), re.IGNORECASE | re.MULTILINE)}
    assert found == set()


@pytest.mark.parametrize("name", FILES)
def test_similarity_functions_stand_in_one_file(name: str) -> None:
    assert bool(SIMILARITY.search(_bare(name))) == (name == "similar")


@pytest.mark.parametrize("name", FILES)
def test_every_replacement_replaces_all(name: str) -> None:
    """Without the flag one engine replaces the first and the other all."""
    for call in _calls(_code(name), "regexp_replace"):
        assert re.search(r",\s*'g'\s*\)$", call), call


@pytest.mark.parametrize("name", FILES)
def test_recursion_is_union_all(name: str) -> None:
    code = _bare(name)
    assert not re.search(r"\bwith\s+recursive\b", code) or not re.search(r"\bunion\b(?!\s+all)", code)


@pytest.mark.parametrize("name", FILES)
def test_texts_are_joined_in_an_order(name: str) -> None:
    for call in _calls(_bare(name), "string_agg") + _calls(_bare(name), "array_agg"):
        assert "order by" in call, call


@pytest.mark.parametrize("name", FILES)
def test_a_list_that_reaches_people_is_sorted(name: str) -> None:
    """`list()` has no order of its own; only sets that are looked into may stay as they come."""
    for call in re.findall(r"(list_sort\(\s*)?\blist\((?!_)", _bare(name)):
        looked_into = re.search(r"list_contains|list_has_all|list_concat", _bare(name))
        assert call or looked_into


@pytest.mark.parametrize("name", FILES)
def test_every_statement_transpiles_to_spark(name: str) -> None:
    for statement in sql.script(name).statements:
        (spark,) = sqlglot.transpile(
            statement.replace("temp table", "table") if name in ENGINE_ONLY else statement,
            read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE, error_level=ErrorLevel.RAISE,
        )  # fmt: skip
        assert spark


@pytest.mark.parametrize("name", FILES)
def test_windows_that_number_rows_have_an_order(name: str) -> None:
    for statement in sql.script(name).statements:
        for window in sqlglot.parse_one(statement, read="duckdb").find_all(exp.Window):
            if isinstance(window.this, exp.RowNumber):
                assert window.args.get("order"), window.sql()


@pytest.mark.parametrize("name", FILES)
def test_every_parameter_is_named_in_the_header(name: str) -> None:
    used = set(re.findall(r"\$[a-z_]+", _code(name)))
    assert used == set(re.findall(r"\$[a-z_]+", _header(name)))


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_a_title_and_cites_rules_that_exist(name: str) -> None:
    header = sql.script(name).header
    assert header["title"]
    cited = [rule.strip() for rule in header.get("rules", "").split(",") if rule.strip()]
    assert set(cited) <= RULES
    assert len(cited) == len(set(cited))


def test_every_check_tells_what_it_is_how_grave_and_what_to_do() -> None:
    for script in sql.folder("findings"):
        assert {"title", "rules", "severity", "grain"} <= script.header.keys(), script.name
        assert script.header["severity"] in SEVERITIES
        assert script.header.get("who", "store") in {"store", "shop", "operator"}
        assert script.todo or script.approve
        assert bool(script.approve) == bool(script.by_hand), (
            "what may need a yes tells what to do where nobody can give it"
        )
        assert len(script.statements) == 1
    assert len(checks()) == len(sql.folder("findings"))


def test_every_kind_of_correction_tells_its_action_its_policy_and_its_way_back() -> None:
    for script in sql.folder("plan"):
        assert {"title", "rules", "grain", "action", "policy", "reversible"} <= script.header.keys(), script.name
        assert script.header["policy"] in {*ACTIONS, "erase"}
        assert script.header["reversible"] in {"fully", "partly", "not"}
        assert ("lost" in script.header) == (script.header["reversible"] != "fully"), "what does not come back is said"
        assert len(script.statements) == 1
    assert {script.header["policy"] for script in sql.folder("plan")} == {*ACTIONS, "erase"}
    assert CREATED == "@created:"


def test_the_findings_are_the_kinds_of_the_interface() -> None:
    kinds = {
        "duplicate_phone", "duplicate_email", "duplicate_account", "drift", "link_archived", "link_deleted", "link_missing", "link_merged", "link_restored",
        "link_crossed", "field_lost", "record_not_read", "link_ambiguous", "missing_in_store", "note_missing", "contact_taken", "household", "placeholder", "phone_not_comparable",
        "login_blocked", "vendor_cannot_create", "next_order_blocked", "default_customer", "group_name", "group_conflict", "consent_conflict",
        "consent_raised", "whose_customer", "signed_up_again", "suspect", "erased_back", "erasure_open", "erasure_overdue", "schema_drift", "values_not_read",
    }  # fmt: skip
    assert set(checks()) <= kinds


def test_the_text_holds_no_word_of_a_machine() -> None:
    for path in Path(sql.ROOT).rglob("*.sql"):
        assert not re.search(r"/(?:tmp|home|work)/", path.read_text(encoding="utf-8"))


def _calls(code: str, function: str) -> list[str]:
    """Every call of a function, from its name to its closing parenthesis; quotes may hold parentheses."""
    found = []
    for start in re.finditer(rf"\b{function}\(", code):
        depth, quoted = 0, False
        for at in range(start.end() - 1, len(code)):
            quoted ^= code[at] == "'"
            depth += (not quoted) * ((code[at] == "(") - (code[at] == ")"))
            if depth == 0:
                found.append(code[start.start() : at + 1])
                break
    return found
