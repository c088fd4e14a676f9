//! What can be found, one line each: the name that scripts and `--deny` and `--allow` use, how heavy it is, and what to do.
//!
//! A table; it judges nothing. Names never change their meaning.

use super::Severity::{self, Deny, Note, Warn};

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident, $name:literal, $severity:ident, $hint:literal;)*) => {
        /// What was found.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $code,)*
        }

        impl Code {
            /// Every code, reading first.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];

            /// The name for programs and flags.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$code => $name),* }
            }

            /// How heavy it is where nobody says otherwise; what rests on an assumption is never heavier than a warning.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => $severity),* }
            }

            /// What a person can do.
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$code => $hint),* }
            }
        }
    };
}

codes! {
    /// The file broke off or could not be read.
    Unreadable, "unreadable", Deny, "look at the file's permissions and at the disk that it is on";
    /// There is not one byte.
    FileEmpty, "file-empty", Deny, "the export made nothing: run it again";
    /// The bytes are no workbook.
    NotAWorkbook, "not-a-workbook", Deny, "save it again as .xlsx in a spreadsheet program; a renamed file stays what it was";
    /// A password protects it.
    WorkbookEncrypted, "workbook-encrypted", Deny, "save it again without a password";
    /// It is a workbook, and broken.
    WorkbookDamaged, "workbook-damaged", Deny, "copy or export it again; if a spreadsheet program opens it, save it there as .xlsx";
    /// There is no sheet, or not the one that was asked for.
    NoSheet, "no-sheet", Deny, "name a sheet that is there with --sheet";
    /// A workbook unpacks to more than the limit.
    UnpackedTooBig, "unpacked-too-big", Deny, "if the workbook is meant to be that big, raise --max-unpacked";
    /// The texts of a workbook are more than the limit.
    TextsTooBig, "texts-too-big", Deny, "if the workbook is meant to be that big, raise --max-texts, which costs as much memory";
    /// One row is longer than the limit.
    RowTooBig, "row-too-big", Deny, "look for a quote that is never closed, or line ends that got lost; if the row is right, raise --max-row-bytes";
    /// A row has more columns than the limit.
    ColumnsTooMany, "columns-too-many", Deny, "delete what stands far to the right; if the columns are right, raise --max-columns";
    /// More keys than are kept.
    KeysTooMany, "keys-too-many", Warn, "raise --max-keys to compare all of them; a million keys cost about 30 MiB";
    /// Bytes that hold nothing.
    NulBytes, "nul-bytes", Deny, "the file was cut off while it was written, or is no text: export it again";
    /// A quote is never closed.
    QuoteUnclosed, "quote-unclosed", Deny, "close the quote, and double each quote inside of a value";
    /// A quote in the middle of a value.
    QuoteStray, "quote-stray", Warn, "put the whole value in quotes, and double each quote inside of it";
    /// Another encoding than UTF-8.
    Encoding, "encoding", Warn, "which encodings Knosc reads is not documented: export as UTF-8; --encoding says what it really is";
    /// Bytes that are no text in the file's encoding.
    EncodingInvalid, "encoding-invalid", Warn, "export it again as UTF-8, or name the right encoding with --encoding";
    /// The mark of Unicode files.
    ByteOrderMark, "byte-order-mark", Note, "whether Knosc skips it is not documented; if the first column is then called missing, save without it";
    /// Another separator than a comma.
    Delimiter, "delimiter", Warn, "which separators Knosc reads is not documented: export with commas; --delimiter says what it really is";
    /// A line for a spreadsheet program stands before the header.
    SeparatorLine, "separator-line", Warn, "remove the line: only a spreadsheet program understands it, others take it for the header";
    /// Lines end in several ways.
    LineEndsMixed, "line-ends-mixed", Note, "the file was put together from parts: export it in one piece";
    /// A row with more values than the header has names.
    RowTooLong, "row-too-long", Deny, "a separator stands inside of a value: put that value in quotes";
    /// A row with fewer values than the header has names.
    RowTooShort, "row-too-short", Warn, "the row may be cut: look at its end";
    /// Rows without a value.
    BlankRows, "blank-rows", Note, "remove them, so that everybody numbers the rows alike";
    /// A header and nothing below it, or less.
    NoRows, "no-rows", Deny, "if the empty table is meant, say so with allow-empty";
    /// More than one sheet could be meant.
    SeveralSheets, "several-sheets", Warn, "which sheet Knosc reads is not documented: keep one; --sheet says which one is looked at";
    /// The sheet that is read is hidden.
    SheetHidden, "sheet-hidden", Warn, "show the sheet or remove it: the first sheet is what importers read";
    /// Cells that are one.
    CellsMerged, "cells-merged", Warn, "split them: only the first of merged cells holds the value";
    /// A cell that is computed.
    CellFormula, "cell-formula", Warn, "paste the values over the formulas: what stands there is what was last computed";
    /// A cell that could not be computed.
    CellError, "cell-error", Deny, "mend the formula, or clear the cell";
    /// Rows stand above the header.
    HeaderNotFirst, "header-not-first", Warn, "remove what stands above the header";
    /// A column of the template is not there.
    ColumnMissing, "column-missing", Warn, "take the header row from your tenant's template (knosc-runner template get)";
    /// A column that nobody knows.
    ColumnUnknown, "column-unknown", Warn, "columns have to be exactly those of your tenant's template; say it with --template to compare";
    /// A column that is known by another spelling.
    ColumnMisspelt, "column-misspelt", Warn, "write it exactly as the template does";
    /// A name that stands twice in the header.
    ColumnRepeated, "column-repeated", Warn, "keep one of them";
    /// A column without a name that holds values.
    ColumnUnnamed, "column-unnamed", Warn, "name the column, or remove it";
    /// Columns in another order than the template's.
    ColumnOrder, "column-order", Warn, "put them in the order of the template";
    /// A value that has to be there is not.
    ValueMissing, "value-missing", Deny, "fill the cell";
    /// A key that stands twice.
    KeyDuplicate, "key-duplicate", Deny, "remove one of the rows, or mend its key";
    /// A column of the key that was said is not in the header.
    KeyMissing, "key-missing", Deny, "write the key's columns as the header does: key of the manifest";
    /// REFRESH beside another action.
    ActionMixed, "action-mixed", Warn, "make one file of REFRESH alone, and another one of the other actions";
    /// An action that is not documented.
    ActionUnknown, "action-unknown", Warn, "documented are REFRESH, ADD, UPDATE and DELETE, and CLOSE for what is no master data";
    /// A word that is none of the documented ones.
    ValueUnknown, "value-unknown", Deny, "write one of the words that are documented";
    /// A date as a spreadsheet counts it.
    DateSerial, "date-serial", Warn, "format the cells as dates, or write them as YYYY-MM-DD";
    /// A date in another form than YYYY-MM-DD.
    DateForm, "date-form", Warn, "write dates as YYYY-MM-DD, which is what Knosc's own interface takes";
    /// A number that a spreadsheet shortened.
    Exponent, "exponent", Warn, "format the column as text and export again: the last digits may be lost";
    /// A number of more digits than a spreadsheet keeps.
    DigitsLost, "digits-lost", Warn, "format the column as text before the numbers are typed or pasted: a spreadsheet keeps 15 digits";
    /// A comma where a point belongs.
    DecimalComma, "decimal-comma", Warn, "which decimal mark Knosc reads is not documented: export numbers with a point and without separators of thousands; --decimal-mark says what it really is";
    /// A text where a number belongs.
    NumberForm, "number-form", Warn, "write the number with digits and one point";
    /// Zeros at the begin of a number got lost.
    ZerosLost, "zeros-lost", Warn, "format the column as text and export again";
    /// A character that nobody sees.
    Invisible, "invisible-character", Warn, "delete the character: the value is another one with it";
    /// Blanks around a value.
    SpaceAround, "space-around", Warn, "remove the blanks: the value may be another one with them";
    /// Text that was read in the wrong encoding before.
    Garbled, "garbled-text", Warn, "export it again as UTF-8: letters were lost or read in the wrong encoding";
    /// A value that is very long.
    ValueTooLong, "value-too-long", Warn, "look whether rows ran together; if it is right, raise --max-value-chars";
    /// What a row refers to is in no file of the plan.
    ReferenceMissing, "reference-missing", Warn, "mend the cell or add the row to the other file; nothing is wrong if Knosc has it from before";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no finding has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no finding is called '{name}'; the nearest name is '{nearest}'")]
pub struct UnknownCode {
    /// What was asked for, at most 100 characters of it.
    pub name: String,
    /// The name that is most like it.
    pub nearest: &'static str,
}

impl std::str::FromStr for Code {
    type Err = UnknownCode;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().copied().find(|code| code.name() == name);
        known.ok_or_else(|| {
            let like = |code: &&Self| strsim::jaro_winkler(code.name(), name);
            let nearest = Self::ALL.iter().max_by(|a, b| like(a).total_cmp(&like(b)));
            let nearest = nearest.map_or("", |code| code.name());
            UnknownCode { name: name.chars().take(100).collect(), nearest }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_name_is_one_code() {
        let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(code.name().parse(), Ok(*code));
            assert!(!code.hint().is_empty(), "{code}");
        }
        assert_eq!("reference".parse::<Code>().unwrap_err().nearest, "reference-missing");
    }
}
