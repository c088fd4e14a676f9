//! Knosc's thirteen upload types, with their documented order and groups.
//!
//! The one table of what a trigger is; it knows neither files nor the wire.

use std::fmt;

/// A Knosc upload type; the order of the cases is the documented import order (guide, "Import Order").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// Units of measure.
    UnitMaster,
    /// Warehouse records.
    WarehouseMaster,
    /// Supplier records; procurement depends on them.
    SupplierMaster,
    /// Customer records; demand depends on them.
    CustomerMaster,
    /// Item catalogue; all transactional data depends on it.
    ItemMaster,
    /// External item ID mappings.
    ExternalItemMaster,
    /// BOM structure.
    BillOfMaterials,
    /// Supplier allocation percentages.
    SupplierAllocation,
    /// Inventory snapshot.
    Inventory,
    /// Purchase orders and their lines.
    Procurement,
    /// Sales orders and their lines.
    Demand,
    /// Manufacturing orders.
    Manufacturing,
    /// Forecast data.
    Forecast,
}

/// The three blocks of the documented import order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Records that everything else refers to.
    Masters,
    /// What maps masters to each other.
    Mappings,
    /// Orders, stock and forecasts; REFRESH closes, archives or replaces what such a file leaves out.
    Transactions,
}

impl Trigger {
    /// Every trigger, in the documented order.
    pub const ALL: [Self; 13] = [
        Self::UnitMaster,
        Self::WarehouseMaster,
        Self::SupplierMaster,
        Self::CustomerMaster,
        Self::ItemMaster,
        Self::ExternalItemMaster,
        Self::BillOfMaterials,
        Self::SupplierAllocation,
        Self::Inventory,
        Self::Procurement,
        Self::Demand,
        Self::Manufacturing,
        Self::Forecast,
    ];

    /// The name in the REST path, `item-master`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnitMaster => "unit-master",
            Self::WarehouseMaster => "warehouse-master",
            Self::SupplierMaster => "supplier-master",
            Self::CustomerMaster => "customer-master",
            Self::ItemMaster => "item-master",
            Self::ExternalItemMaster => "external-item-master",
            Self::BillOfMaterials => "bill-of-materials",
            Self::SupplierAllocation => "supplier-allocation",
            Self::Inventory => "inventory",
            Self::Procurement => "procurement",
            Self::Demand => "demand",
            Self::Manufacturing => "manufacturing",
            Self::Forecast => "forecast",
        }
    }

    /// The block of the documented order that the trigger belongs to.
    pub const fn group(self) -> Group {
        match self {
            Self::UnitMaster
            | Self::WarehouseMaster
            | Self::SupplierMaster
            | Self::CustomerMaster
            | Self::ItemMaster => Group::Masters,
            Self::ExternalItemMaster | Self::BillOfMaterials | Self::SupplierAllocation => {
                Group::Mappings
            }
            Self::Inventory
            | Self::Procurement
            | Self::Demand
            | Self::Manufacturing
            | Self::Forecast => Group::Transactions,
        }
    }

    /// Why the trigger stands where it does, in the guide's terms; empty where the guide gives no reason.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::SupplierMaster => "procurement depends on this",
            Self::CustomerMaster => "demand depends on this",
            Self::ItemMaster => "all transactional data depends on this",
            _ => "",
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is none of the documented thirteen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no trigger is named '{name}'; Knosc documents {}", known_names())]
pub struct UnknownTrigger {
    /// What was asked for.
    pub name: String,
}

impl std::str::FromStr for Trigger {
    type Err = UnknownTrigger;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|trigger| trigger.name() == name)
            .ok_or_else(|| UnknownTrigger { name: name.chars().take(100).collect() })
    }
}

fn known_names() -> String {
    let mut names = String::new();
    for trigger in Trigger::ALL {
        let between = if names.is_empty() { "" } else { ", " };
        names.extend([between, trigger.name()]);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_its_own_order() {
        let mut sorted = Trigger::ALL;
        sorted.sort();
        assert_eq!(sorted, Trigger::ALL);
        for trigger in Trigger::ALL {
            assert_eq!(trigger.name().parse::<Trigger>(), Ok(trigger));
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = "Item-Master".parse::<Trigger>().unwrap_err();
        assert!(error.to_string().contains("item-master, external-item-master"));
    }
}
