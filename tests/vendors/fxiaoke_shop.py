"""Records for the server of Fxiaoke: a shop with members, the same for the same number of customers."""

from typing import Any

from tests.vendors.fxiaoke import Fxiaoke

BEGAN = 1_711_929_600_000  # 2024-04-01 00:00:00 UTC, in ms
HOUR = 3_600_000
VISIT = "store_visit__c"  # a custom object


def fill(service: Fxiaoke, customers: int, fields: int = 0) -> Fxiaoke:
    """Add customers, and for every tenth of them a contact, membership, order, return, case, calls and a store visit.

    Args:
        service: The server.
        customers: The number of customers.
        fields: So many further fields that each customer has.
    """
    _declare(service)
    further = {f"field_{number:02}__c": f"值{number}" for number in range(fields)}
    for number in range(customers):
        # seven customers have one time of change, so that a page ends between equal times
        at = BEGAN + number // 7 * 1_000
        person = {"tel": f"138{number:08}", "email": f"c{number}@example.com", "city__r": "上海", "vip__c": "是"}
        name = f"客户{number}"
        account = _add(service, "AccountObj", at, name=name, account_no=f"A-{number}", **person, **further)
        if number % 10 == 0:
            _add_activity(service, account, number, at)
    return service


def _declare(service: Fxiaoke) -> None:
    account = service.objects["AccountObj"]
    for field in ("loyalty_level__c", "loyalty_class__c", "next_action__c"):
        account.types[field] = "select_one"
    account.options |= {
        "loyalty_level__c": ("gold", "silver", "bronze"),
        "loyalty_class__c": ("loyal", "at_risk", "new"),
        "next_action__c": ("call", "offer", "none"),
    }
    account.types |= {"loyalty_score__c": "number", "loyalty_on__c": "date_time", "note__c": "text"}
    service.objects["MemberGradeObj"].put({"_id": "grade1", "name": "金卡", **_times(BEGAN)})


def _add(service: Fxiaoke, name: str, at: int, /, **values: Any) -> str:
    return service.create(name, **_times(at), **values)


def _times(at: int) -> dict[str, Any]:
    return {"create_time": at, "last_modified_time": at}


def _add_activity(service: Fxiaoke, account: str, number: int, at: int) -> None:
    owner = {"owner": ["1000"], "owner__r": {"id": "1000", "name": "李雷"}}
    contact = f"139{number:08}"
    _add(service, "ContactObj", at, name=f"联系人{number}", account_id=account, mobile1=contact, **owner)
    member = _add(
        *(service, "MemberObj", at),
        **{"name": f"M-{number}", "account_id": account, "grade_id": "grade1", "grade_id__r": "金卡"},
    )
    order = _add(
        *(service, "SalesOrderObj", at + HOUR),
        **{
            "name": f"SO-{number}",
            "account_id": account,
            "order_time": at + HOUR,
            "order_amount": f"{100 + number}.50",
        },
    )
    points = {"member_id": member, "integral_type__r": "消费赠送", "integral_value": "100.00", "change_time": at + HOUR}
    _add(service, "MemberIntegralDetailObj", at + HOUR, order_id=order, **points)
    _add(
        *(service, "ReturnedGoodsInvoiceObj", at + 24 * HOUR),
        **{"order_id": order, "account_id": account, "returned_goods_time": at + 24 * HOUR},
        **{"returned_goods_inv_amount": "10.00", "returned_goods_reason__r": "破损"},
    )
    _add(service, "RefundObj", at + 24 * HOUR, order_id=order, refunded_amount="10.00")
    case = {"account_id": account, "case_type__r": "投诉", "case_status__r": "处理中", "description": "杯子破损"}
    _add(service, "CasesObj", at + 30 * HOUR, **case)
    call = {"account_id": account, "call_type__r": "呼入", "start_time": at + 30 * HOUR, "call_duration": 125, **owner}
    _add(service, "ServiceRecordObj", at + 30 * HOUR, content="报告破损", **call)
    visit = {"account_id": account, "active_record_type__r": "上门拜访", "active_record_content": "介绍新品", **owner}
    _add(service, "ActiveRecordObj", at + 31 * HOUR, **visit)
    _add(service, VISIT, at + 32 * HOUR, account_id=account, visited_on__c=at + 32 * HOUR, store__c="淮海路店")
