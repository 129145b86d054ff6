"""Bulk read of the Zoho server: jobs that are complete after some polls, and their ZIP archives of CSV."""

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.vendors.server import Reply, Request
from tests.vendors.zoho_modules import Module, Record, error, stamp, time_of


@dataclass
class _Job:
    query: dict[str, Any]
    created: str
    polls: int
    rows: list[Record] = field(default_factory=list)
    is_more: bool = False
    has_failed: bool = False


class BulkRead:
    """The jobs.

    Args:
        modules: The modules by name.
        now: The server's clock.
    """

    def __init__(self, modules: Mapping[str, Module], now: Callable[[], datetime]) -> None:
        self._modules = modules
        self._now = now
        self.jobs: dict[str, _Job] = {}
        self.polls = 1
        self.per_page = 200_000
        self.will_fail = False
        self.member = "{job}.csv"
        self.allowed: bool = True

    def answer(self, request: Request, rest: list[str]) -> Reply:
        """Answer a request below /crm/bulk/v8/read."""
        if not self.allowed:
            return error(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")
        match (request.method, rest):
            case ("POST", []):
                return self._create(request.json())
            case ("GET", [job]) if job in self.jobs:
                return self._poll(job)
            case ("GET", [job, "result"]) if job in self.jobs:
                return Reply(200, self._archive(job), {"Content-Type": "application/x-download"})
        return error(404, "RESOURCE_NOT_FOUND", "the resource does not exist", resource="/".join(rest))

    def _create(self, body: Record) -> Reply:
        query = body.get("query", {})
        name = query.get("module", {}).get("api_name")
        if name not in self._modules:
            return error(400, "MODULE_NOT_AVAILABLE", "the module is not available", module=str(name))
        unknown = [one for one in query.get("fields", []) if one != "id" and one not in self._modules[name].fields]
        if unknown:
            return error(400, "FIELD_NOT_AVAILABLE", "the field is not available", api_name=unknown[0], module=name)
        job = str(8_000_000 + len(self.jobs))
        created = stamp(self._now())
        self.jobs[job] = _Job(query, created, self.polls)
        return Reply(
            201,
            {
                "data": [
                    {
                        "status": "success",
                        "code": "ADDED_SUCCESSFULLY",
                        "message": "Added successfully.",
                        "details": {
                            "id": job,
                            "operation": "read",
                            "state": "ADDED",
                            "created_by": {"id": "1", "name": "Ada"},
                            "created_time": created,
                        },
                    }
                ],
                "info": {},
            },
        )

    def _poll(self, name: str) -> Reply:
        job = self.jobs[name]
        detail: Record = {"id": name, "operation": "read", "query": job.query, "created_time": job.created}
        detail |= {"created_by": {"id": "1", "name": "Ada"}, "file_type": "csv"}
        if job.polls > 0:
            job.polls -= 1
            return Reply(200, {"data": [detail | {"state": "ADDED" if job.polls else "IN PROGRESS"}]})
        if self.will_fail:
            failure = {"error_message": {"code": "INTERNAL_ERROR", "message": "the job has failed"}}
            return Reply(200, {"data": [detail | {"state": "FAILURE", "result": failure}]})
        self._run(job)
        page = int(job.query.get("page", 1))
        result = {
            "page": page,
            "count": len(job.rows),
            "download_url": f"/crm/bulk/v8/read/{name}/result",
            "per_page": self.per_page,
            "more_records": job.is_more,
            "next_page_token": f"page:{page + 1}" if job.is_more else None,
        }
        return Reply(200, {"data": [detail | {"state": "COMPLETED", "result": result}]})

    def _run(self, job: _Job) -> None:
        module = self._modules[job.query["module"]["api_name"]]
        rows = sorted(module.records.values(), key=lambda one: str(one["id"]))
        if criteria := job.query.get("criteria"):
            name, since = criteria["field"]["api_name"], time_of(criteria["value"])
            rows = [one for one in rows if time_of(one[name]) >= since]
        token = job.query.get("page_token")
        page = int(token.removeprefix("page:")) if token else int(job.query.get("page", 1))
        job.query["page"] = page
        job.rows = [dict(one) for one in rows[(page - 1) * self.per_page : page * self.per_page]]
        job.is_more = page * self.per_page < len(rows)

    def _archive(self, name: str) -> bytes:
        job = self.jobs[name]
        module = self._modules[job.query["module"]["api_name"]]
        flat = {"subform", "multiselectlookup"}
        fields = job.query.get("fields") or [one for one, kind in module.fields.items() if kind not in flat]
        fields = [one for one in fields if one != "id" and module.fields[one] not in flat]
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(["Id", *fields])
        writer.writerows([row["id"], *(_cell(row.get(one)) for one in fields)] for row in job.rows)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(self.member.format(job=name), text.getvalue())
        return packed.getvalue()


def _cell(value: Any) -> str:
    """A value in the CSV: of a look-up, only its ID."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case dict():
            return str(value["id"])
        case list():
            return ";".join(map(str, value))
    return str(value)
