//! What the ERP of a made-up pump maker holds; nothing in it is of a real company.
//! All references are to rows that another table of it has.

use crate::write::Cell;

/// How many rows `items.xlsx` has, and how many order lines there are: what a mid-sized company loads in a morning.
const ITEM_ROWS: usize = 5_000;
const ORDER_LINES: usize = 8_000;
/// Every 25th item has a sub-item, which is a row of its own.
const SUB_ITEM_EVERY: usize = 25;
/// The day after which the exports were "made": 2026-01-05, as Excel counts days.
const TODAY: u32 = 46_027;

/// One row of cells from mixed values.
macro_rules! row {
    ($($value:expr),* $(,)?) => { vec![$(Cell::from($value)),*] };
}

/// A small generator: the exports need variety, not randomness.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound.max(1)
    }
    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words.get(self.below(words.len())).copied().unwrap_or_default()
    }
    fn day(&mut self, from: u32, span: usize) -> Cell {
        Cell::Date(TODAY + from + u32::try_from(self.below(span)).unwrap_or_default())
    }
}

#[rustfmt::skip] // Three to a line read as the table that they are.
const UNITS: [(&str, &str, &str, f64); 24] = [
    ("EA", "Each", "Count", 1.0), ("PR", "Pair", "Count", 2.0), ("SET", "Set", "Count", 1.0),
    ("DZ", "Dozen", "Count", 12.0), ("BOX", "Box", "Count", 1.0), ("CTN", "Carton", "Count", 1.0),
    ("PAL", "Pallet", "Count", 1.0), ("BAG", "Bag", "Count", 1.0), ("ROL", "Roll", "Count", 1.0),
    ("SHT", "Sheet", "Count", 1.0), ("KG", "Kilogram", "Weight", 1.0), ("G", "Gram", "Weight", 0.001),
    ("T", "Tonne", "Weight", 1000.0), ("LB", "Pound", "Weight", 0.453_592), ("M", "Metre", "Length", 1.0),
    ("CM", "Centimetre", "Length", 0.01), ("MM", "Millimetre", "Length", 0.001), ("FT", "Foot", "Length", 0.3048),
    ("M2", "Square metre", "Area", 1.0), ("L", "Litre", "Volume", 1.0), ("ML", "Millilitre", "Volume", 0.001),
    ("M3", "Cubic metre", "Volume", 1000.0), ("DRM", "Drum", "Volume", 200.0), ("H", "Hour", "Time", 1.0),
];
const TOWNS: [&str; 24] = [
    "Aldermoor",
    "Birkholm",
    "Castelnuovo",
    "Drumlin",
    "Eastvale",
    "Fjordby",
    "Granfell",
    "Hollin",
    "Isenau",
    "Juniper",
    "Kestrel",
    "Larkfield",
    "Millbeck",
    "Norhaven",
    "Oakridge",
    "Pinewater",
    "Quarry",
    "Rosenau",
    "Stonebridge",
    "Thornby",
    "Ulmen",
    "Vesterby",
    "Westmark",
    "Yarrow",
];
pub(crate) const TRADES: [&str; 12] = [
    "Castings",
    "Fasteners",
    "Bearings",
    "Seals",
    "Motors",
    "Coatings",
    "Tubing",
    "Electronics",
    "Packaging",
    "Forge",
    "Polymers",
    "Machining",
];
pub(crate) const BUYERS: [&str; 10] = [
    "Water Works",
    "Dairy",
    "Brewery",
    "Shipyard",
    "Paper Mill",
    "Hospital Trust",
    "Farm Supply",
    "Chemicals",
    "Building Services",
    "Foods",
];
const GOODS: [&str; 6] = [
    "Centrifugal pump",
    "Dosing pump",
    "Booster set",
    "Submersible pump",
    "Gear pump",
    "Control valve",
];
const PARTS: [&str; 12] = [
    "Impeller",
    "Shaft",
    "Pump housing",
    "Mechanical seal",
    "Flange",
    "Rotor",
    "Stator",
    "Bearing cap",
    "Wear ring",
    "Coupling",
    "Terminal box",
    "Base plate",
];
const RAW: [&str; 8] = [
    "Round bar",
    "Sheet",
    "Casting sand",
    "Epoxy paint",
    "Gasket cord",
    "Copper wire",
    "Hydraulic oil",
    "Flat bar",
];
const RAW_UNITS: [&str; 5] = ["KG", "M", "L", "SHT", "T"];
const GRADES: [&str; 6] = ["cast iron", "AISI 316", "duplex", "bronze", "PVDF", "EPDM"];

/// How many of each there are, for references.
pub(crate) const SUPPLIERS: usize = 160;
pub(crate) const CUSTOMERS: usize = 240;
const ITEMS: usize = ITEM_ROWS - ITEM_ROWS / (SUB_ITEM_EVERY + 1) - 1;

pub(crate) fn supplier(n: usize) -> String {
    format!("SUP-{:03}", n % SUPPLIERS + 1)
}
pub(crate) fn customer(n: usize) -> String {
    format!("CUS-{:04}", n % CUSTOMERS + 1)
}
fn warehouse(n: usize) -> String {
    // The last four are inactive.
    format!("WH-{:02}", n % (TOWNS.len() - 4) + 1)
}
/// A third each: finished goods, components, raw materials.
fn item(n: usize) -> String {
    let n = n % ITEMS;
    let letter = ["FG", "CP", "RM"].get(n % 3).copied().unwrap_or_default();
    format!("{letter}-{:05}", n + 10_001)
}
fn good(n: usize) -> String {
    item(n * 3 % (ITEMS - ITEMS % 3))
}
fn part(n: usize) -> String {
    item((n * 3 + 1 + n % 2) % (ITEMS - ITEMS % 3))
}

pub(crate) fn units() -> Vec<Vec<Cell>> {
    UNITS
        .iter()
        .map(|(code, name, kind, multiplier)| row![*code, *name, *kind, *multiplier])
        .collect()
}

pub(crate) fn warehouses() -> Vec<Vec<Cell>> {
    let site = |(n, town): (usize, &&str)| {
        let status = if n + 4 < TOWNS.len() { "Active" } else { "Inactive" };
        row![
            format!("WH-{:02}", n + 1),
            format!("{town} warehouse"),
            format!("{} Dock Road, {town}", n * 3 + 1),
            status
        ]
    };
    TOWNS.iter().enumerate().map(site).collect()
}

/// Suppliers with two ship-from places each, or customers with two ship-to places.
pub(crate) fn partners(
    count: usize,
    name: fn(usize) -> String,
    kinds: &[&str],
    place: &str,
) -> Vec<Vec<Cell>> {
    let mut dice = Dice(count as u64);
    let mut rows = Vec::new();
    for n in 0..count {
        let (town, kind) = (dice.of(&TOWNS), dice.of(kinds));
        let mail = format!("orders@{}.test", name(n).to_lowercase());
        let phone = format!("+00 555 {:04}", dice.below(10_000));
        let second = dice.of(&TOWNS);
        for (at, town_of_place) in [("", ""), ("1", town), ("2", second)] {
            let number = if at.is_empty() { String::new() } else { format!("{place}-{at}") };
            let company = format!("{town} {kind}");
            rows.push(row![
                name(n),
                company,
                mail.clone(),
                phone.clone(),
                "Active",
                number,
                town_of_place
            ]);
        }
    }
    rows
}

pub(crate) fn items() -> Vec<Vec<Cell>> {
    let mut dice = Dice(5);
    let mut rows = Vec::new();
    for n in 0..ITEMS {
        let (kind, name, unit) = match n % 3 {
            0 => ("Finished Good", dice.of(&GOODS), "EA"),
            1 => ("Component", dice.of(&PARTS), "EA"),
            _ => ("Raw Material", dice.of(&RAW), dice.of(&RAW_UNITS)),
        };
        let status = if n % 97 == 96 { "Inactive" } else { "Active" };
        let text = format!("{name} DN{} {}", 15 + 5 * dice.below(40), dice.of(&GRADES));
        rows.push(row![item(n), text.clone(), kind, status, "", "", unit]);
        if n % SUB_ITEM_EVERY == 0 {
            rows.push(row![
                item(n),
                text,
                kind,
                status,
                format!("{}-R1", item(n)),
                "Revision 1",
                unit
            ]);
        }
    }
    rows.truncate(ITEM_ROWS);
    rows
}

pub(crate) fn external_items() -> Vec<Vec<Cell>> {
    let of = |n: usize| {
        row![
            item(n * 4),
            format!("X{:06}", 400_000 + n * 7),
            "EDI",
            format!("Ext. part {n}"),
            "Active"
        ]
    };
    (0..1_200).map(of).collect()
}

pub(crate) fn bills() -> Vec<Vec<Cell>> {
    let mut dice = Dice(7);
    let mut rows = Vec::new();
    for bom in 0..150 {
        for line in 0..5 {
            let quantity = 1 + dice.below(8);
            rows.push(row![
                format!("BOM-{:04}", bom + 1),
                good(bom),
                "Active",
                part(bom * 5 + line),
                quantity,
                "EA"
            ]);
        }
    }
    rows
}

pub(crate) fn allocations() -> Vec<Vec<Cell>> {
    let shares = [(70_usize, 1_usize), (30, 2)];
    let both = |n: usize| {
        shares.map(|(share, priority)| {
            row![part(n), supplier(n * 2 + priority), share, priority, "Active"]
        })
    };
    (0..450).flat_map(both).collect()
}

pub(crate) fn inventory() -> Vec<Vec<Cell>> {
    let mut dice = Dice(9);
    let mut of = |n: usize| {
        let quantity = dice.below(2_500);
        vec![
            item(n).into(),
            "".into(),
            warehouse(n / 7).into(),
            quantity.into(),
            Cell::Date(TODAY),
            format!("INV-{:05}", n + 1).into(),
        ]
    };
    (0..1_500).map(&mut of).collect()
}

pub(crate) fn purchase_orders() -> Vec<Vec<Cell>> {
    let mut dice = Dice(10);
    let mut of = |n: usize| {
        let order = n / 4;
        let price = f64::from(u32::try_from(150 + dice.below(90_000)).unwrap_or_default()) / 100.0;
        vec![
            format!("PO-{}", 450_001 + order).into(),
            supplier(order).into(),
            "Open".into(),
            Cell::Date(TODAY - 40 + u32::try_from(order % 40).unwrap_or_default()),
            part(n * 11).into(),
            "".into(),
            warehouse(order).into(),
            format!("SF-{}", order % 2 + 1).into(),
            (10 * (1 + dice.below(60))).into(),
            price.into(),
            dice.day(7, 90),
            format!("{}", n % 4 + 1).into(),
        ]
    };
    (0..ORDER_LINES).map(&mut of).collect()
}

pub(crate) fn sales_orders() -> Vec<Vec<Cell>> {
    let mut dice = Dice(11);
    let mut of = |n: usize| {
        let order = n / 3;
        vec![
            format!("SO-{}", 810_001 + order).into(),
            customer(order).into(),
            "Open".into(),
            Cell::Date(TODAY - 20 + u32::try_from(order % 20).unwrap_or_default()),
            good(n * 5).into(),
            "".into(),
            warehouse(order).into(),
            format!("ST-{}", order % 2 + 1).into(),
            (1 + dice.below(40)).into(),
            dice.day(3, 60),
            format!("{}", n % 3 + 1).into(),
        ]
    };
    (0..ORDER_LINES).map(&mut of).collect()
}

pub(crate) fn manufacturing() -> Vec<Vec<Cell>> {
    let mut dice = Dice(12);
    let mut of = |n: usize| {
        vec![
            format!("MO-{}", 62_001 + n).into(),
            warehouse(n).into(),
            "Open".into(),
            Cell::Date(TODAY - 5),
            good(n).into(),
            "".into(),
            (5 * (1 + dice.below(30))).into(),
            dice.day(1, 20),
            dice.day(21, 20),
            "1".into(),
        ]
    };
    (0..600).map(&mut of).collect()
}

pub(crate) fn forecast() -> Vec<Vec<Cell>> {
    let mut dice = Dice(13);
    let mut of = |n: usize| {
        let (product, month) = (n / 6, u32::try_from(n % 6).unwrap_or_default());
        vec![
            format!("FC-{:04}", product + 1).into(),
            "Active".into(),
            good(product).into(),
            warehouse(product).into(),
            customer(product).into(),
            (10 + dice.below(200)).into(),
            Cell::Date(TODAY + 27 + 30 * month),
            format!("{}", month + 1).into(),
        ]
    };
    (0..1_200).map(&mut of).collect()
}

/// The documented failure: row 413 with an unknown unit, row 419 with an item that the file had before.
pub(crate) fn broken_items() -> Vec<Vec<Cell>> {
    let of = |row: usize| {
        let number = match row {
            99 | 419 => "WIDGET-99".to_owned(),
            _ => format!("WIDGET-{row}"),
        };
        let unit = if row == 413 { "EACH" } else { "EA" };
        row![number, format!("Widget, size {}", row % 40 + 1), "Component", "Active", "", "", unit]
    };
    (1..=600).map(of).collect()
}
