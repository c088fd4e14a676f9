//! Flags about what files are held to before anything is sent, as typed.
//!
//! Nothing is opened here.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args};
use knosc_bulk_import::trigger::Trigger;
use knosc_checks::{Code, DecimalMark, Encoding, Limits, ReadingOptions, Weights};
use knosc_runner::manifest::folder::NameRule;

/// What is looked at.
#[derive(Debug, Args)]
pub struct Check {
    /// Files, or one folder of exports, or import.toml
    #[arg(required = true, value_name = "FILE | FOLDER | IMPORT.TOML")]
    pub sources: Vec<PathBuf>,
    /// What file names mean, such as 'ITM*.csv=item-master'
    #[arg(long, env = "KNOSC_MAP", value_name = "PATTERN=TRIGGER", value_delimiter = ',')]
    pub map: Vec<NameRule>,
    /// Tables of a header and no rows are meant
    #[arg(long, env = "KNOSC_ALLOW_EMPTY", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub allow_empty: bool,
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// How files are read, where what they show is not what they are.
#[derive(Debug, Args)]
pub struct ReadingArgs {
    /// The encoding of CSV files, such as windows-1252; without it, what their bytes show
    #[arg(long, env = "KNOSC_ENCODING", value_name = "NAME", value_parser = encoding)]
    pub encoding: Option<&'static Encoding>,
    /// What parts values in CSV files, one character or tab; without it, what their first rows show
    #[arg(long, env = "KNOSC_DELIMITER", value_name = "CHARACTER", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// The sheet of workbooks that is looked at; without it, the first one
    #[arg(long, env = "KNOSC_SHEET", value_name = "NAME")]
    pub sheet: Option<String>,
}

impl ReadingArgs {
    pub fn options(&self) -> ReadingOptions {
        let mut options = ReadingOptions::default();
        options.encoding = self.encoding;
        options.delimiter = self.delimiter;
        options.sheet.clone_from(&self.sheet);
        options
    }
}

/// What the checks go by.
#[derive(Debug, Args)]
pub struct JudgingArgs {
    /// Findings of this code deny: nothing is sent
    #[arg(long, env = "KNOSC_DENY", value_name = "CODE", value_delimiter = ',')]
    pub deny: Vec<Code>,
    /// Findings of this code are not told, and deny nothing
    #[arg(long, env = "KNOSC_ALLOW", value_name = "CODE", value_delimiter = ',')]
    pub allow: Vec<Code>,
    /// What files refer to may also be in Knosc: read its lists of units, warehouses, suppliers, customers and items
    #[arg(long, env = "KNOSC_AGAINST_KNOSC", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub against_knosc: bool,
    /// The header row that a trigger's file must have exactly: a file from your tenant's templates
    #[arg(long, env = "KNOSC_TEMPLATE", value_name = "TRIGGER=FILE", value_parser = template, value_delimiter = ',')]
    pub template: Vec<(Trigger, PathBuf)>,
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// What parts a number's fraction in CSV files, point or comma; without it, a comma is worth a word
    #[arg(long, env = "KNOSC_DECIMAL_MARK", value_name = "MARK", value_parser = decimal_mark)]
    pub decimal_mark: Option<DecimalMark>,
    /// Longest row that is read
    #[arg(long, env = "KNOSC_MAX_ROW_BYTES", value_name = "BYTES", default_value_t = Limits::default().max_row_bytes)]
    pub max_row_bytes: usize,
    /// Most columns that are read
    #[arg(long, env = "KNOSC_MAX_COLUMNS", value_name = "COUNT", default_value_t = Limits::default().max_columns)]
    pub max_columns: usize,
    /// What a workbook may unpack to
    #[arg(long, env = "KNOSC_MAX_UNPACKED", value_name = "BYTES", default_value_t = Limits::default().max_unpacked)]
    pub max_unpacked: u64,
    /// Memory for a workbook's texts and styles
    #[arg(long, env = "KNOSC_MAX_TEXTS", value_name = "BYTES", default_value_t = Limits::default().max_texts)]
    pub max_texts: u64,
    /// Most keys of a file that are compared
    #[arg(long, env = "KNOSC_MAX_KEYS", value_name = "COUNT", default_value_t = Limits::default().max_keys)]
    pub max_keys: usize,
    /// Longest value that is not worth a word
    #[arg(long, env = "KNOSC_MAX_VALUE_CHARS", value_name = "COUNT", default_value_t = Limits::default().max_value_chars)]
    pub max_value_chars: usize,
    /// Findings of one code and column that are listed; the others are counted
    #[arg(long, env = "KNOSC_SAMPLES", value_name = "COUNT", default_value_t = Limits::default().samples)]
    pub samples: u64,
}

/// The checks at the head of another verb.
#[derive(Debug, Args)]
pub struct HeadArgs {
    /// Do not look into the files before they are sent, and so not at what they leave out of what was loaded before
    #[arg(long, env = "KNOSC_NO_CHECK", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub no_check: bool,
    #[command(flatten)]
    pub judging: JudgingArgs,
}

impl JudgingArgs {
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.max_row_bytes = self.max_row_bytes;
        limits.max_columns = self.max_columns;
        limits.max_unpacked = self.max_unpacked;
        limits.max_texts = self.max_texts;
        limits.max_keys = self.max_keys;
        limits.max_value_chars = self.max_value_chars;
        limits.samples = self.samples;
        limits
    }

    pub fn options(&self) -> ReadingOptions {
        let mut options = self.reading.options();
        options.decimal_mark = self.decimal_mark;
        options
    }

    pub fn weights(&self) -> Weights {
        Weights { deny: self.deny.clone(), allow: self.allow.clone() }
    }
}

fn template(text: &str) -> Result<(Trigger, PathBuf), String> {
    let (trigger, path) = text.split_once('=').ok_or_else(|| "write TRIGGER=FILE".to_owned())?;
    let trigger = trigger.parse::<Trigger>().map_err(|error| error.to_string())?;
    Ok((trigger, PathBuf::from(path)))
}

fn encoding(name: &str) -> Result<&'static Encoding, String> {
    let unknown =
        || "such an encoding is not known; examples are utf-8, windows-1252, utf-16le".to_owned();
    Encoding::for_label(name.as_bytes()).ok_or_else(unknown)
}

fn decimal_mark(text: &str) -> Result<DecimalMark, String> {
    let mut marks = [DecimalMark::Point, DecimalMark::Comma].into_iter();
    marks.find(|mark| mark.word() == text).ok_or_else(|| "write point or comma".to_owned())
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte]
            if byte.is_ascii()
                && !byte.is_ascii_alphanumeric()
                && !matches!(byte, b'"' | b'\n' | b'\r') =>
        {
            Ok(*byte)
        }
        _ => Err("write one character that is no letter, digit or quote, or tab".to_owned()),
    }
}
