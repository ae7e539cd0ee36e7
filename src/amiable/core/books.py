"""What a file's open amount changes in our account of an item.

The books usually lag behind the bank: they still show as open what our bank data settled. That
lag never reopens a debt. What the books know beyond us (a cheque, a set-off) is entered.
"""

from __future__ import annotations


def books_delta(base_minor: int, allocated_minor: int, *, stated_minor: int) -> int:
    """The entry that brings an item in line with the open amount stated by the books.

    base_minor: the item's own entries, what the books show when they ignore our allocations.
    allocated_minor: what payments and credits we allocated to it, 0 or more.
    stated_minor: the open amount of the file, 0 or more.

    stated > base                      -> stated - base (the books know of more debt)
    base - allocated <= stated <= base -> 0 (the books only lag behind our bank data)
    stated < base - allocated          -> stated - (base - allocated), negative
    """
    if stated_minor > base_minor:
        return stated_minor - base_minor
    return min(0, stated_minor - (base_minor - allocated_minor))
