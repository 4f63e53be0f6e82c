"""The back office of a simulated vendor, `/_admin/` on its own port: a person plays clerk in a browser.

Plain HTML without scripts. Every text is escaped; changes are POSTs that carry a word known to this run alone; a request
that calls the machine by another name than loopback is refused. Nothing done here is in the ledger.
"""

import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from html import escape
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlencode

from connectors.sandbox.base import PERSON_FIELDS
from connectors.sandbox.loopback import Request, Response

HOME = "/_admin/"
PROFILE = "/_admin/profile"
PER_PAGE = 50
SHOWN = ("first_name", "last_name", "email", "phone", "status")
CONSENTS = ("in", "out", "pending", "unknown")
TYPED = tuple(name for name in PERSON_FIELDS if name not in ("has_purchased", "created_at"))
"""What a clerk can type."""
FIRST_YEAR, LAST_YEAR = 1850, 2100
"""Of a birth date: what any time zone can still turn into a moment."""
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
STYLE = """body{font:16px/1.4 system-ui,sans-serif;max-width:70rem;margin:1rem auto;padding:0 1rem}
.invented{background:#fff3c4;border:1px solid #b58900;padding:.5rem 1rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #ccc}
label{display:grid;grid-template-columns:10rem 1fr;margin:.25rem 0}input,select,textarea,button{font:inherit}
form.act{display:inline-block;margin:.5rem 1rem .5rem 0}"""


class Admin:
    """The pages of one account. An account without the hands of clerks (a file host) has none."""

    def __init__(self, account: Any) -> None:
        self.account = account
        self.word = secrets.token_urlsafe(24)
        """What a form must carry to be this run's own."""

    def means(self, request: Request) -> bool:
        return request.path.startswith("/_admin") and hasattr(self.account, "ids")

    def answer(self, request: Request) -> Response:
        """One page, or what became of a form."""
        host = request.header("Host")
        if host.rpartition(":")[0] not in ("127.0.0.1", "localhost"):
            return self._page(403, "Refused", "<p>This page is for the machine it runs on: call it 127.0.0.1.</p>")
        try:
            match request.method, request.path:
                case "GET", "/_admin" | "/_admin/":
                    return self._list(request.arg("q"), request.arg("page", "1"))
                case "GET", "/_admin/profile":
                    return self._profile(request.arg("id"))
                case "POST", "/_admin/profile":
                    return self._posted(request)
        except KeyError:
            return self._page(404, "Not found", f"<p>There is no such profile. {_back()}</p>")
        except ValueError as no:
            return self._page(409, "Not possible", f"<p>{escape(str(no))}</p><p>{_back()}</p>")
        return self._page(404, "Not found", f"<p>There is no such page. {_back()}</p>")

    def _list(self, asked: str, page: str) -> Response:
        number = max(1, int(page) if page.isdecimal() and len(page) < 9 else 1)
        words = asked.casefold().split()
        found = (row for row in self._rows() if all(word in _text(row).casefold() for word in words))
        start = (number - 1) * PER_PAGE
        rows = list(islice(found, start, start + PER_PAGE + 1))
        body = f"{_search(asked)}{_table(rows[:PER_PAGE])}{_pager(asked, number, more=len(rows) > PER_PAGE)}"
        return self._page(200, f"Customers of {self.account.name}", body)

    def _rows(self) -> Any:
        for profile_id in list(self.account.ids()):
            try:
                yield {"id": profile_id, **self.account.read(profile_id)}
            except KeyError:
                continue  # merged away while the list was made

    def _profile(self, profile_id: str) -> Response:
        seen = self.account.read(profile_id)
        fields = "".join(_input(name, seen[name]) for name in typed(seen))
        edit = self._form("save", profile_id, f"{fields}<button>Save</button>")
        acts = "".join(self._act(verb, profile_id, seen) for verb in ("archive", "restore", "delete"))
        body = f"<p>{_back()}</p><p>Status: <b>{escape(str(seen.get('status')))}</b></p>{edit}<hr>{acts}"
        return self._page(200, f"{profile_id} at {self.account.name}", body + self._merge(profile_id))

    def _act(self, verb: str, profile_id: str, seen: Mapping[str, Any]) -> str:
        wanted = seen.get("status") == "active" if verb != "restore" else seen.get("status") == "archived"
        if not (wanted and hasattr(self.account, verb)):
            return ""
        return self._form(verb, profile_id, f"<button>{verb.capitalize()}</button>", "act")

    def _merge(self, profile_id: str) -> str:
        if not hasattr(self.account, "merge"):
            return "<p>Customers of this system cannot be merged.</p>"
        into = '<label>Merge into (id)<input name="into" required></label><button>Merge</button>'
        return self._form("merge", profile_id, into, "act")

    def _form(self, verb: str, profile_id: str, inside: str, kind: str = "") -> str:
        hidden = {"word": self.word, "id": profile_id, "verb": verb}
        kept = "".join(f'<input type="hidden" name="{name}" value="{escape(text)}">' for name, text in hidden.items())
        return f'<form method="post" action="{PROFILE}" class="{kind}">{kept}{inside}</form>'

    def _posted(self, request: Request) -> Response:
        given = {name: texts[-1] for name, texts in parse_qs(request.body.decode(), keep_blank_values=True).items()}
        if not hmac.compare_digest(given.get("word", "").encode(), self.word.encode()):
            return self._page(403, "Refused", f"<p>This form is not of this run: load its page again. {_back()}</p>")
        profile_id = given.get("id", "")
        seen = self.account.read(profile_id)
        self._do(given.get("verb", ""), profile_id, given, seen)
        kept = given["into"] if given.get("verb") == "merge" else profile_id
        return Response(303, headers={**HEADERS, "Location": f"{PROFILE}?{urlencode({'id': kept})}"}, body=b"")

    def _do(self, verb: str, profile_id: str, given: Mapping[str, str], seen: Mapping[str, Any]) -> None:
        """Raises ValueError: this vendor has no such thing; KeyError: nobody of that id."""
        if verb == "save":
            changed = edited(given, seen)
            if changed:
                self.account.edit(profile_id, changed)
        elif verb == "merge" and hasattr(self.account, "merge"):
            if given.get("into", "").strip() == profile_id:
                raise ValueError("a profile cannot be merged into itself")
            self.account.read(given.get("into", ""))
            self.account.merge(profile_id, given["into"])
        elif verb in ("archive", "restore", "delete") and hasattr(self.account, verb):
            act: Callable[[str], None] = getattr(self.account, verb)
            act(profile_id)
        else:
            raise ValueError(f"this system cannot {verb or 'do that'}")

    def _page(self, status: int, title: str, body: str) -> Response:
        invented = "These are invented people of a simulated vendor: nobody here exists, and nothing is sent anywhere."
        html = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
            f'<p class="invented" role="note">{invented}</p><h1>{escape(title)}</h1>{body}</html>'
        )
        return Response(status, headers=dict(HEADERS), body=html.encode("utf-8", "replace"))


def typed(seen: Mapping[str, Any]) -> list[str]:
    """What a clerk can type on this profile: a choice that the system has no word for is no field."""
    return [name for name in TYPED if name in seen and not (name.endswith("_consent") and seen[name] is None)]


def edited(given: Mapping[str, str], seen: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical fields that a form changes; a phone as it was typed, too. Raises ValueError for a day that is none."""
    said = {name: given[name].replace("\r\n", "\n").strip() for name in typed(seen) if name in given}
    changed: dict[str, Any] = {n: text or None for n, text in said.items() if text != str(seen[n] or "").strip()}
    if "phone" in changed:
        changed["phone_raw"] = changed["phone"]
    if born := changed.get("birth_date"):
        changed["birth_date"] = _day(born)
    return changed


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.isoformat() != text or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"a birth date is a day such as 1990-02-28, and not {text[:40]!r}: go back and type it anew")
    return text


def _back() -> str:
    return f'<a href="{HOME}">All customers</a>'


def _text(row: Mapping[str, Any]) -> str:
    return " ".join(str(value) for value in row.values() if value is not None)


def _search(asked: str) -> str:
    field = f'<input name="q" value="{escape(asked)}" aria-label="Search" placeholder="name, email, phone, id">'
    return f'<form action="{HOME}">{field} <button>Search</button></form>'


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    heads = "".join(f"<th>{name.replace('_', ' ')}</th>" for name in ("id", *SHOWN))
    lines = "".join(f"<tr><td>{_link(row)}</td>{_cells(row)}</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>" if rows else "<p>Nobody.</p>"


def _link(row: Mapping[str, Any]) -> str:
    address = f"{PROFILE}?{urlencode({'id': row['id']})}"
    return f'<a href="{escape(address)}">{escape(str(row["id"]))}</a>'


def _cells(row: Mapping[str, Any]) -> str:
    return "".join(f"<td>{escape(str(row.get(name) or ''))}</td>" for name in SHOWN)


def _pager(asked: str, number: int, *, more: bool) -> str:
    steps = [("Earlier", number - 1, number > 1), ("Later", number + 1, more)]
    links = [
        f'<a href="{escape(HOME + "?" + urlencode({"q": asked, "page": to}))}">{word}</a>'
        for word, to, there in steps if there
    ]  # fmt: skip
    return f"<p>Page {number} {' '.join(links)}</p>"


def _input(name: str, value: Any) -> str:
    text = escape(str(value or ""))
    label = name.replace("_", " ").capitalize()
    if name.endswith("_consent"):
        options = "".join(f"<option{' selected' if word == value else ''}>{word}</option>" for word in CONSENTS)
        field = f'<select name="{name}">{options}</select>'
    elif name == "note":
        field = f'<textarea name="note" rows="4">\n{text}</textarea>'
    else:
        shown = ' placeholder="1990-02-28"' if name == "birth_date" else ""
        field = f'<input name="{name}" value="{text}"{shown}>'
    return f"<label>{label}{field}</label>"
