"""Writes workbooks as openpyxl writes them, into the folder that is named: one with nothing wrong, and some that are wrong."""

import datetime
import sys

from openpyxl import Workbook

HEADER = ["_PONumber", "_SupplierNumber", "_OrderDate", "_ItemNumber", "_WarehouseNumber", "_Quantity", "_ETADate", "_LineUniqueId"]
DAY = datetime.date(2026, 1, 5)


def row(number):
    return [f"PO-{number}", "SUP-1", DAY, "FG-1", "WH-1", 5, DAY, "1"]


def write(name, change):
    book = Workbook()
    sheet = book.active
    sheet.title = "Orders"
    sheet.append(HEADER)
    for number in (1, 2, 3):
        sheet.append(row(number))
    change(book, sheet)
    book.save(f"{sys.argv[1]}/{name}.xlsx")


def put(cell, value):
    return lambda book, sheet: sheet.__setitem__(cell, value)


def serial(book, sheet):
    # The cell had a date's format, with which a number is a date.
    sheet["G3"] = 46027
    sheet["G3"].number_format = "General"


def hidden(book, sheet):
    sheet.sheet_state = "hidden"
    book.create_sheet("Other").append(["x"])
    book.active = 1


write("good", lambda book, sheet: None)
write("formula", put("F3", "=2+3"))
write("serial", serial)
write("error", put("F3", "#N/A"))
write("merged", lambda book, sheet: sheet.merge_cells("B2:B3"))
write("missing", put("A3", None))
write("hidden", hidden)
