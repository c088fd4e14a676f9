//! The tables of the 13 triggers, as data.
//! Only the six item headers are Knosc's own (`documented`); every other header is ours, in their style.

use super::tables::{
    ACTION, Column,
    Kind::{self, Choice, Date, Number},
    Life::{Forecast, Line, Master, Snapshot},
    Table, col,
};

const ACTIVE: Kind = Choice(&["Active", "Inactive"]);
const ITEM_TYPES: Kind = Choice(&["Finished Good", "Raw Material", "Component"]);
const PO_STATUS: Kind = Choice(&["Open", "Suggested", "Shipped", "Received", "Closed"]);
const SO_STATUS: Kind = Choice(&["Open", "Partially Shipped", "Shipped", "Closed"]);
const MO_STATUS: Kind = Choice(&["Open", "Closed"]);
const FORECAST_STATUS: Kind = Choice(&["Active", "Archived"]);
const ITEM: Column = col("_ItemNumber", "Item Number").must().to("item-master");
const SUB_ITEM: Column =
    col("_SubItemNumber", "Sub Item Number").pair("_ItemNumber", "item-master");
const WAREHOUSE: Column = col("_WarehouseNumber", "Warehouse Number").must().to("warehouse-master");
const ACTION_COLUMN: Column = col(ACTION, "Action");

const fn table(trigger: &'static str, title: &'static str, columns: &'static [Column]) -> Table {
    Table {
        trigger,
        title,
        path: trigger,
        domain: "",
        area: title,
        life: Master,
        grouped: false,
        columns,
    }
}

/// The tables in the documented import order.
pub static TABLES: [Table; 13] = [
    Table {
        domain: "UnitMaster",
        ..table(
            "unit-master",
            "Unit Master",
            &[
                col("_UnitCode", "Unit Code").must().key(),
                col("_UnitName", "Unit Name"),
                col("_UnitType", "Unit Type"),
                col("_Multiplier", "Multiplier").is(Number),
                ACTION_COLUMN,
            ],
        )
    },
    Table {
        domain: "WarehouseMaster",
        ..table(
            "warehouse-master",
            "Warehouse Master",
            &[
                col("_WarehouseNumber", "Warehouse Number").must().key(),
                col("_WarehouseName", "Warehouse Name"),
                col("_WarehouseAddress", "Warehouse Address"),
                col("_Status", "Warehouse Status").is(ACTIVE).or("Active"),
                ACTION_COLUMN,
            ],
        )
    },
    Table {
        domain: "SupplierMaster",
        ..table(
            "supplier-master",
            "Supplier Master",
            &[
                col("_SupplierNumber", "Supplier Number").must().key(),
                col("_SupplierName", "Supplier Name"),
                col("_SupplierEmail", "Supplier Email"),
                col("_SupplierPhone", "Supplier Phone"),
                col("_Status", "Supplier Status").is(ACTIVE).or("Active"),
                col("_ShipFromNumber", "Ship From Number").key(),
                col("_ShipFromName", "Ship From Name"),
                ACTION_COLUMN,
            ],
        )
    },
    Table {
        domain: "CustomerMaster",
        ..table(
            "customer-master",
            "Customer Master",
            &[
                col("_CustomerNumber", "Customer Number").must().key(),
                col("_CustomerName", "Customer Name"),
                col("_CustomerEmail", "Customer Email"),
                col("_CustomerPhone", "Customer Phone"),
                col("_Status", "Customer Status").is(ACTIVE).or("Active"),
                col("_ShipToNumber", "Ship To Number").key(),
                col("_ShipToName", "Ship To Name"),
                ACTION_COLUMN,
            ],
        )
    },
    Table {
        domain: "ItemMaster",
        ..table(
            "item-master",
            "Item Master",
            &[
                col("_ItemNumber", "Item Number").must().key().documented(),
                col("_ItemDescription", "Item Description").documented(),
                col("_ItemType", "Item Type").is(ITEM_TYPES).documented(),
                col("_Status", "Item Status").is(ACTIVE).or("Active").documented(),
                col("_SubItemNumber", "Sub Item Number").key().documented(),
                col("_SubItemDescription", "Sub Item Description").documented(),
                // The documented row error proves the reference; the documented headers lack the column.
                col("_ItemUnit", "Item Unit").to("unit-master"),
                ACTION_COLUMN,
            ],
        )
    },
    Table {
        domain: "ExternalItemMaster",
        ..table(
            "external-item-master",
            "External Item Master",
            &[
                ITEM.key(),
                col("_ExternalItemNumber", "External Item Number").must().key(),
                col("_ExternalSystem", "External System").key(),
                col("_ExternalDescription", "External Description"),
                col("_Status", "Status").is(ACTIVE).or("Active"),
                ACTION_COLUMN,
            ],
        )
    },
    Table {
        domain: "BillOfMaterials",
        grouped: true,
        ..table(
            "bill-of-materials",
            "Bill of Materials",
            &[
                col("_BOMNumber", "BOM Number").must().key(),
                ITEM,
                col("_Status", "BOM Status").is(ACTIVE).or("Active"),
                col("_ComponentItemNumber", "Component Item Number").must().key().to("item-master"),
                col("_ComponentQuantity", "Component Quantity").must().is(Number),
                col("_ComponentUnit", "Component Unit").to("unit-master"),
                ACTION_COLUMN,
            ],
        )
    },
    Table {
        domain: "SupplierAllocation",
        ..table(
            "supplier-allocation",
            "Supplier Allocation",
            &[
                ITEM.key(),
                col("_SupplierNumber", "Supplier Number").must().key().to("supplier-master"),
                col("_AllocationPercentage", "Allocation Percentage").must().is(Number),
                col("_Priority", "Priority").is(Number),
                col("_Status", "Status").is(ACTIVE).or("Active"),
                ACTION_COLUMN,
            ],
        )
    },
    Table {
        domain: "Inventory",
        life: Snapshot,
        ..table(
            "inventory",
            "Inventory",
            &[
                ITEM.key(),
                SUB_ITEM.key(),
                WAREHOUSE.key(),
                col("_Quantity", "Inventory Quantity").must().is(Number),
                col("_InventoryDate", "Inventory Date").is(Date),
                col("_UniqueId", "Inventory Unique Id").key(),
                ACTION_COLUMN,
            ],
        )
    },
    Table {
        path: "purchase-order",
        domain: "PurchaseOrderList",
        life: Line,
        grouped: true,
        ..table(
            "procurement",
            "Procurement",
            &[
                col("_PONumber", "PO List Number").must().key(),
                col("_SupplierNumber", "Supplier Number").must().to("supplier-master"),
                col("_Status", "PO List Document Status").is(PO_STATUS).or("Open"),
                col("_OrderDate", "PO List Order Date").is(Date),
                ITEM.key(),
                SUB_ITEM,
                WAREHOUSE,
                col("_ShipFromNumber", "Ship From Number")
                    .pair("_SupplierNumber", "supplier-master"),
                col("_Quantity", "PO Details Quantity").must().is(Number),
                col("_Price", "PO Details Price").is(Number),
                col("_ETADate", "PO Details ETA Date").must().is(Date),
                col("_LineUniqueId", "PO Details Unique Id").must().key(),
                ACTION_COLUMN,
            ],
        )
    },
    Table {
        path: "sales-order",
        domain: "SalesOrderList",
        life: Line,
        grouped: true,
        ..table(
            "demand",
            "Demand",
            &[
                col("_SONumber", "SO List Number").must().key(),
                col("_CustomerNumber", "Customer Number").must().to("customer-master"),
                col("_Status", "SO List Document Status").is(SO_STATUS).or("Open"),
                col("_OrderDate", "SO List Order Date").is(Date),
                ITEM.key(),
                SUB_ITEM,
                WAREHOUSE,
                col("_ShipToNumber", "Ship To Number").pair("_CustomerNumber", "customer-master"),
                col("_Quantity", "SO Details Quantity").must().is(Number),
                col("_DeliveryDate", "SO Details Ship Date").must().is(Date),
                col("_LineUniqueId", "SO Details Unique Id").must().key(),
                ACTION_COLUMN,
            ],
        )
    },
    Table {
        path: "manufacturing-order",
        domain: "ManufacturingOrderList",
        life: Line,
        grouped: true,
        ..table(
            "manufacturing",
            "Manufacturing",
            &[
                col("_MONumber", "MO List Number").must().key(),
                WAREHOUSE,
                col("_Status", "MO List Document Status").is(MO_STATUS).or("Open"),
                col("_OrderDate", "MO List Order Date").is(Date),
                ITEM.key(),
                SUB_ITEM,
                col("_Quantity", "MO Details Quantity").must().is(Number),
                col("_StartDate", "MO Details Start Date").is(Date),
                col("_EndDate", "MO Details End Date").is(Date),
                col("_LineUniqueId", "MO Details Unique Id").must().key(),
                ACTION_COLUMN,
            ],
        )
    },
    Table {
        domain: "ForecastList",
        life: Forecast,
        grouped: true,
        ..table(
            "forecast",
            "Forecast",
            &[
                col("_ForecastNumber", "Forecast List Number").must().key(),
                col("_Status", "Forecast List Document Status").is(FORECAST_STATUS).or("Active"),
                ITEM.key(),
                WAREHOUSE,
                col("_CustomerNumber", "Customer Number").to("customer-master"),
                col("_Quantity", "Forecast Details Quantity").must().is(Number),
                col("_ForecastDate", "Forecast Details Date").must().is(Date),
                col("_ScheduleLine", "Forecast Details Unique Id").must().key(),
                ACTION_COLUMN,
            ],
        )
    },
];
