"""Whom a tombstone means is recognised in free text of later files, whatever stands around the address or number."""

import json
from datetime import date, timedelta
from pathlib import Path

from tests.pipeline import person
from tests.pipeline.test_forget_landed import DAY, arrive, forget, landed

ADDRESS, NUMBER = person.EMAIL, person.PHONE
HARD_BLANKS = f"call {NUMBER.replace(' ', chr(0xA0))}"
THEIRS = [
    f"**{ADDRESS}** wrote",
    f"see {ADDRESS}.Thanks",
    f"mailto:{ADDRESS}?subject=x",
    f"'{ADDRESS}'",
    f"邮箱：{ADDRESS}，谢谢",
    f"邮箱是{ADDRESS}的",
    f"电话{NUMBER}。",
    HARD_BLANKS,
]
OTHERS = [f"a{ADDRESS}", f"x.{ADDRESS}", f"{ADDRESS}s", "bob@nowhere.example", "+44 (0)20 5550-12345"]


def test_free_text_that_names_them_is_emptied_and_other_text_stays(tmp_path: Path) -> None:
    shop = person.settings(tmp_path)
    person.write(tmp_path / "inbox", DAY, person.rows(DAY))
    arrive(shop)
    forget(shop, person.REF)
    # a file each: what is recognised anywhere in a file is looked for in all of it
    mapped = {f"M{number}": {"body": text} for number, text in enumerate([*THEIRS, *OTHERS])}
    unmapped = {f"U{n}": {"extra": text} for n, text in enumerate([*THEIRS, *OTHERS]) if text != HARD_BLANKS}
    for number, (key, text) in enumerate({**mapped, **unmapped}.items()):
        day = date.fromisoformat(DAY) + timedelta(days=1 + number)
        call = {"interaction_id": key, "customer_ref": person.BOB, "occurred_at": f"{day} 10:00:00", "kind": "note"}
        (tmp_path / "inbox" / f"interactions_{day}.jsonl").write_text(json.dumps({**call, **text}))
    arrive(shop)
    rows = landed(shop, "interactions", "interaction_id, body, raw", f"customer_ref = '{person.BOB}'")
    erased = {key for key, body, raw in rows if body is None and raw == '{"erased": true}'}
    assert erased == {key for key, text in {**mapped, **unmapped}.items() if {*text.values()} & {*THEIRS}}
    assert len(rows) == len(mapped) + len(unmapped)
