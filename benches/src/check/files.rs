//! Exports as large as a company's can be: made once, by row numbers, so that each reference is found and each key is unique.
//! Measures nothing.

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use rust_xlsxwriter::{Workbook, XlsxError};
use xtask::Failure;

/// A master row for so many rows of the others; as for suppliers and customers of a company.
const ROWS_A_PARTNER: u32 = 10;
const UNITS: u32 = 50;
const WAREHOUSES: u32 = 100;

/// Pads the rows of the large file to 150 bytes each.
const DESCRIPTION: &str = "Hexagon flange bolt zinc plated strength class 10.9 partial thread packed by the hundred in cartons M8";

/// A trigger, its file's columns, and one row of it.
struct Export {
    trigger: &'static str,
    header: &'static str,
    /// Rows of this file, where the largest have so many.
    rows: fn(u32) -> u32,
    row: fn(u32, u32) -> String,
}

const fn all(rows: u32) -> u32 {
    rows
}

const fn partners(rows: u32) -> u32 {
    rows.div_ceil(ROWS_A_PARTNER)
}

const EXPORTS: [Export; 13] = [
    Export {
        trigger: "unit-master",
        header: "_UnitCode,_UnitName,_UnitType,_Multiplier",
        rows: |_| UNITS,
        row: |row, _| format!("U{row},Unit {row},Count,1"),
    },
    Export {
        trigger: "warehouse-master",
        header: "_WarehouseNumber,_WarehouseName,_WarehouseAddress,_Status",
        rows: |_| WAREHOUSES,
        row: |row, _| format!("WH-{row},Warehouse {row},Dock {row},Active"),
    },
    Export {
        trigger: "supplier-master",
        header: "_SupplierNumber,_SupplierName,_SupplierEmail,_SupplierPhone,_Status,_ShipFromNumber,_ShipFromName",
        rows: partners,
        row: |row, _| {
            format!("SUP-{row},Supplier {row},s{row}@supplier.test,+00 555 {row},Active,,")
        },
    },
    Export {
        trigger: "customer-master",
        header: "_CustomerNumber,_CustomerName,_CustomerEmail,_CustomerPhone,_Status,_ShipToNumber,_ShipToName",
        rows: partners,
        row: |row, _| {
            format!("CUS-{row},Customer {row},c{row}@customer.test,+00 555 {row},Active,,")
        },
    },
    Export {
        trigger: "item-master",
        header: "_ItemNumber,_ItemDescription,_ItemType,_Status,_SubItemNumber,_SubItemDescription,_ItemUnit",
        rows: all,
        row: |row, _| format!("IT-{row},Item {row},Component,Active,,,U{}", row % UNITS),
    },
    Export {
        trigger: "external-item-master",
        header: "_ItemNumber,_ExternalItemNumber,_ExternalSystem,_ExternalDescription,_Status",
        rows: all,
        row: |row, _| format!("IT-{row},X{row:08},EDI,{DESCRIPTION} {row:08},Active"),
    },
    Export {
        trigger: "bill-of-materials",
        header: "_BOMNumber,_ItemNumber,_Status,_ComponentItemNumber,_ComponentQuantity,_ComponentUnit",
        rows: all,
        row: |row, of| {
            format!("BOM-{row},IT-{row},Active,IT-{},2,U{}", (row + 1) % of, row % UNITS)
        },
    },
    Export {
        trigger: "supplier-allocation",
        header: "_ItemNumber,_SupplierNumber,_AllocationPercentage,_Priority,_Status",
        rows: all,
        row: |row, of| format!("IT-{row},SUP-{},100,1,Active", row % partners(of)),
    },
    Export {
        trigger: "inventory",
        header: "_ItemNumber,_SubItemNumber,_WarehouseNumber,_Quantity,_InventoryDate,_UniqueId",
        rows: all,
        row: |row, _| {
            format!("IT-{row},,WH-{},{},2026-01-05,INV-{row}", row % WAREHOUSES, row % 997)
        },
    },
    Export {
        trigger: "procurement",
        header: "_PONumber,_SupplierNumber,_Status,_OrderDate,_ItemNumber,_SubItemNumber,_WarehouseNumber,_Quantity,_ETADate,_LineUniqueId",
        rows: all,
        row: |row, of| {
            let (supplier, house) = (row % partners(of), row % WAREHOUSES);
            format!("PO-{row},SUP-{supplier},Open,2026-01-02,IT-{row},,WH-{house},5,2026-02-02,1")
        },
    },
    Export {
        trigger: "demand",
        header: "_SONumber,_CustomerNumber,_Status,_OrderDate,_ItemNumber,_SubItemNumber,_WarehouseNumber,_ShipToNumber,_Quantity,_DeliveryDate,_LineUniqueId",
        rows: all,
        row: |row, of| {
            let (customer, house) = (row % partners(of), row % WAREHOUSES);
            format!("SO-{row},CUS-{customer},Open,2026-01-02,IT-{row},,WH-{house},,5,2026-02-02,1")
        },
    },
    Export {
        trigger: "manufacturing",
        header: "_MONumber,_WarehouseNumber,_Status,_OrderDate,_ItemNumber,_SubItemNumber,_Quantity,_StartDate,_EndDate,_LineUniqueId",
        rows: all,
        row: |row, _| {
            format!(
                "MO-{row},WH-{},Open,2026-01-02,IT-{row},,7,2026-01-06,2026-01-28,1",
                row % WAREHOUSES
            )
        },
    },
    Export {
        trigger: "forecast",
        header: "_ForecastNumber,_Status,_ItemNumber,_WarehouseNumber,_CustomerNumber,_Quantity,_ForecastDate,_ScheduleLine",
        rows: all,
        row: |row, of| {
            let (customer, house) = (row % partners(of), row % WAREHOUSES);
            format!("FC-{row},Active,IT-{row},WH-{house},CUS-{customer},9,2026-02-01,1")
        },
    },
];

/// Thirteen CSV files whose larger ones have so many rows, in a folder of their own; and the rows of all.
pub(super) fn folder(parent: &Path, rows: u32) -> Result<(PathBuf, u32), Failure> {
    let folder = parent.join(format!("thirteen-{rows}"));
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    for export in &EXPORTS {
        csv(&folder.join(format!("{}.csv", export.trigger)), export, (export.rows)(rows), rows)?;
    }
    Ok((folder, EXPORTS.iter().map(|export| (export.rows)(rows)).sum()))
}

/// One CSV file of a trigger, alone in a folder.
pub(super) fn one_csv(parent: &Path, trigger: &str, rows: u32) -> Result<PathBuf, Failure> {
    let folder = parent.join(format!("{trigger}-{rows}"));
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    let path = folder.join(format!("{trigger}.csv"));
    csv(&path, of(trigger)?, rows, rows)?;
    Ok(path)
}

/// One workbook of a trigger.
pub(super) fn one_xlsx(parent: &Path, trigger: &str, rows: u32) -> Result<PathBuf, Failure> {
    let path = parent.join(format!("{trigger}-{rows}.xlsx"));
    if !path.exists() {
        let failed = |error: XlsxError| Failure::new(format!("{}: {error}", path.display()));
        workbook(&path, of(trigger)?, rows).map_err(failed)?;
    }
    Ok(path)
}

fn of(trigger: &str) -> Result<&'static Export, Failure> {
    let found = EXPORTS.iter().find(|export| export.trigger == trigger);
    found.ok_or_else(|| Failure::new(format!("{trigger} is not made")))
}

/// Made under another name first: one that was cut is not taken for whole.
fn csv(path: &Path, export: &Export, rows: u32, of: u32) -> Result<(), Failure> {
    if path.exists() {
        return Ok(());
    }
    let made = path.with_extension("new");
    let write = || {
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&made)?);
        writeln!(out, "{}", export.header)?;
        for row in 0..rows {
            writeln!(out, "{}", (export.row)(row, of))?;
        }
        out.into_inner()?;
        fs::rename(&made, path)
    };
    write().map_err(|error| Failure::file(path, &error))
}

/// Numbers as numbers, as an ERP writes them; everything else as text.
fn workbook(path: &Path, export: &Export, rows: u32) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (at, line) in std::iter::once(export.header.to_owned())
        .chain((0..rows).map(|row| (export.row)(row, rows)))
        .enumerate()
    {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        for (column, value) in (0_u16..).zip(line.split(',')) {
            match value.parse::<f64>() {
                Ok(number) => sheet.write_number(at, column, number)?,
                Err(_) if value.is_empty() => continue,
                Err(_) => sheet.write_string(at, column, value)?,
            };
        }
    }
    workbook.save(path.with_extension("new"))?;
    fs::rename(path.with_extension("new"), path).map_err(XlsxError::IoError)
}
