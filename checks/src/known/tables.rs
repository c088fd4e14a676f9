//! The one table of what is known: thirteen triggers in the documented order, one line a column.
//!
//! Data, nothing else. Documented headers are those of Knosc's page on master data; the fields behind the assumed ones are
//! documented for its objects and screens, their headers in files are not.

use knosc_bulk_import::trigger::Trigger;

use super::{
    Column,
    Kind::{self, Action, Date, Number, Text, Words},
    Reference, Source, Table,
};

const ACTIVE: Kind = Words(&["Active", "Inactive"]);
const ITEM_TYPES: Kind = Words(&["Finished Good", "Raw Material", "Component"]);

const UNIT: Reference = to(Trigger::UnitMaster, "_UnitCode");
const WAREHOUSE: Reference = to(Trigger::WarehouseMaster, "_WarehouseNumber");
const SUPPLIER: Reference = to(Trigger::SupplierMaster, "_SupplierNumber");
const CUSTOMER: Reference = to(Trigger::CustomerMaster, "_CustomerNumber");
const ITEM: Reference = to(Trigger::ItemMaster, "_ItemNumber");
const SHIP_FROM: Reference = pair(Trigger::SupplierMaster, "_ShipFromNumber", "_SupplierNumber");
const SUB_ITEM: Reference = pair(Trigger::ItemMaster, "_SubItemNumber", "_ItemNumber");

const fn to(trigger: Trigger, column: &'static str) -> Reference {
    Reference { trigger, column, with: None }
}

const fn pair(trigger: Trigger, column: &'static str, with: &'static str) -> Reference {
    Reference { trigger, column, with: Some(with) }
}

/// An assumed column that may be empty.
const fn may(header: &'static str, name: &'static str, kind: Kind) -> Column {
    let (source, required, in_key, reference) = (Source::Assumed, false, false, None);
    Column { header, name, source, required, in_key, kind, reference }
}

/// An assumed column that has to be filled.
const fn must(header: &'static str, name: &'static str, kind: Kind) -> Column {
    Column { required: true, ..may(header, name, kind) }
}

/// A part of the key.
const fn key(column: Column) -> Column {
    Column { in_key: true, ..column }
}

/// A value that has to be found elsewhere.
const fn found(column: Column, reference: Reference) -> Column {
    Column { reference: Some(reference), ..column }
}

const fn documented(column: Column) -> Column {
    Column { source: Source::Documented, ..column }
}

const fn table(trigger: Trigger, title: &'static str, columns: &'static [Column]) -> Table {
    Table { trigger, title, columns }
}

/// The field is documented, its header is not.
const ACTION: Column = may("_Action", "Action", Action);
const STATUS: Column = may("_Status", "Status", ACTIVE);
/// Of orders; their words are those that were seen, and others may exist.
const ORDER_STATUS: Column = may("_Status", "Document Status", Text);
const ITEM_NUMBER: Column = found(must("_ItemNumber", "Item Number", Text), ITEM);
const SUB_ITEM_NUMBER: Column = found(may("_SubItemNumber", "Sub Item Number", Text), SUB_ITEM);
const WAREHOUSE_NUMBER: Column =
    found(must("_WarehouseNumber", "Warehouse Number", Text), WAREHOUSE);
const SUPPLIER_NUMBER: Column = found(must("_SupplierNumber", "Supplier Number", Text), SUPPLIER);
const LINE: Column = key(must("_LineUniqueId", "Line Unique ID", Text));

/// The tables, in the documented order.
pub static TABLES: [Table; 13] = [
    table(
        Trigger::UnitMaster,
        "Unit Master",
        &[
            key(must("_UnitCode", "Unit Code", Text)),
            may("_UnitName", "Unit Name", Text),
            may("_UnitType", "Unit Type", Text),
            may("_Multiplier", "Multiplier", Number),
            ACTION,
        ],
    ),
    table(
        Trigger::WarehouseMaster,
        "Warehouse Master",
        &[
            key(must("_WarehouseNumber", "Warehouse Number", Text)),
            may("_WarehouseName", "Warehouse Name", Text),
            may("_WarehouseAddress", "Warehouse Address", Text),
            STATUS,
            ACTION,
        ],
    ),
    table(
        Trigger::SupplierMaster,
        "Supplier Master",
        &[
            key(must("_SupplierNumber", "Supplier Number", Text)),
            may("_SupplierName", "Supplier Name", Text),
            may("_SupplierEmail", "Supplier Email", Text),
            may("_SupplierPhone", "Supplier Phone", Text),
            STATUS,
            key(may("_ShipFromNumber", "Ship From Number", Text)),
            may("_ShipFromName", "Ship From Name", Text),
            ACTION,
        ],
    ),
    table(
        Trigger::CustomerMaster,
        "Customer Master",
        &[
            key(must("_CustomerNumber", "Customer Number", Text)),
            may("_CustomerName", "Customer Name", Text),
            may("_CustomerEmail", "Customer Email", Text),
            may("_CustomerPhone", "Customer Phone", Text),
            STATUS,
            key(may("_ShipToNumber", "Ship To Number", Text)),
            may("_ShipToName", "Ship To Name", Text),
            ACTION,
        ],
    ),
    table(
        Trigger::ItemMaster,
        "Item Master",
        &[
            documented(key(must("_ItemNumber", "Item Number", Text))),
            documented(may("_ItemDescription", "Item Description", Text)),
            documented(may("_ItemType", "Item Type", ITEM_TYPES)),
            documented(STATUS),
            documented(key(may("_SubItemNumber", "Sub Item Number", Text))),
            documented(may("_SubItemDescription", "Sub Item Description", Text)),
            // A documented row error proves the reference ("Item Unit 'EACH' not found in Unit Master"), no page the header.
            found(may("_ItemUnit", "Item Unit", Text), UNIT),
            ACTION,
        ],
    ),
    table(
        Trigger::ExternalItemMaster,
        "External Item Master",
        &[
            key(ITEM_NUMBER),
            key(must("_ExternalItemNumber", "External Item Number", Text)),
            key(may("_ExternalSystem", "External System", Text)),
            may("_ExternalDescription", "External Description", Text),
            STATUS,
            ACTION,
        ],
    ),
    table(
        Trigger::BillOfMaterials,
        "Bill of Materials",
        &[
            key(must("_BOMNumber", "BOM Number", Text)),
            ITEM_NUMBER,
            STATUS,
            key(found(must("_ComponentItemNumber", "Component Item Number", Text), ITEM)),
            must("_ComponentQuantity", "Component Quantity", Number),
            found(may("_ComponentUnit", "Component Unit", Text), UNIT),
            ACTION,
        ],
    ),
    table(
        Trigger::SupplierAllocation,
        "Supplier Allocation",
        &[
            key(ITEM_NUMBER),
            key(SUPPLIER_NUMBER),
            must("_AllocationPercentage", "Allocation Percentage", Number),
            may("_Priority", "Priority", Number),
            STATUS,
            ACTION,
        ],
    ),
    table(
        Trigger::Inventory,
        "Inventory",
        &[
            key(ITEM_NUMBER),
            key(SUB_ITEM_NUMBER),
            key(WAREHOUSE_NUMBER),
            must("_Quantity", "Inventory Quantity", Number),
            may("_InventoryDate", "Inventory Date", Date),
            key(may("_UniqueId", "Inventory Unique Id", Text)),
            ACTION,
        ],
    ),
    table(
        Trigger::Procurement,
        "Procurement",
        &[
            key(must("_PONumber", "PO Number", Text)),
            SUPPLIER_NUMBER,
            ORDER_STATUS,
            may("_OrderDate", "Order Date", Date),
            key(ITEM_NUMBER),
            SUB_ITEM_NUMBER,
            WAREHOUSE_NUMBER,
            found(may("_ShipFromNumber", "Ship From Number", Text), SHIP_FROM),
            must("_Quantity", "Quantity", Number),
            may("_Price", "Price", Number),
            must("_ETADate", "ETA Date", Date),
            LINE,
            ACTION,
        ],
    ),
    table(
        Trigger::Demand,
        "Demand",
        &[
            key(must("_SONumber", "SO Number", Text)),
            found(must("_CustomerNumber", "Customer Number", Text), CUSTOMER),
            ORDER_STATUS,
            may("_OrderDate", "Order Date", Date),
            key(ITEM_NUMBER),
            SUB_ITEM_NUMBER,
            WAREHOUSE_NUMBER,
            // That ship-to places are of a customer's master data is not documented for files: not looked for.
            may("_ShipToNumber", "Ship To Number", Text),
            must("_Quantity", "Quantity", Number),
            must("_DeliveryDate", "Delivery Date", Date),
            LINE,
            ACTION,
        ],
    ),
    table(
        Trigger::Manufacturing,
        "Manufacturing",
        &[
            key(must("_MONumber", "MO Number", Text)),
            WAREHOUSE_NUMBER,
            ORDER_STATUS,
            may("_OrderDate", "Order Date", Date),
            key(ITEM_NUMBER),
            SUB_ITEM_NUMBER,
            must("_Quantity", "Quantity", Number),
            may("_StartDate", "Start Date", Date),
            may("_EndDate", "End Date", Date),
            LINE,
            ACTION,
        ],
    ),
    table(
        Trigger::Forecast,
        "Forecast",
        &[
            key(must("_ForecastNumber", "Forecast Number", Text)),
            may("_Status", "Document Status", Text),
            key(ITEM_NUMBER),
            WAREHOUSE_NUMBER,
            found(may("_CustomerNumber", "Customer Number", Text), CUSTOMER),
            must("_Quantity", "Quantity", Number),
            must("_ForecastDate", "Forecast Date", Date),
            key(must("_ScheduleLine", "Schedule Line", Text)),
            ACTION,
        ],
    ),
];
