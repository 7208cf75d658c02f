//! Figures as a table in Markdown.

use std::collections::BTreeMap;

/// A row: its place among the rows, and its name.
type Row = (u8, &'static str);

/// Rows are figures, columns are stores (and sizes).
#[derive(Default)]
pub struct Table {
    columns: Vec<String>,
    cells: BTreeMap<Row, BTreeMap<usize, String>>,
}

impl Table {
    /// Begins a column; further cells go there.
    pub fn column(&mut self, name: String) {
        self.columns.push(name);
    }

    /// Puts a figure into the last column.
    pub fn put(&mut self, row: Row, value: String) {
        eprintln!("  {}: {value}", row.1);
        let column = self.columns.len().saturating_sub(1);
        self.cells.entry(row).or_default().insert(column, value);
    }

    /// The table.
    pub fn to_markdown(&self) -> String {
        let mut out = String::from("| figure |");
        for column in &self.columns {
            out.push_str(&format!(" {column} |"));
        }
        out.push_str("\n|---|");
        out.push_str(&"---:|".repeat(self.columns.len()));
        out.push('\n');
        for ((_, name), cells) in &self.cells {
            out.push_str(&format!("| {name} |"));
            for column in 0..self.columns.len() {
                out.push_str(&format!(
                    " {} |",
                    cells.get(&column).map_or("–", String::as_str)
                ));
            }
            out.push('\n');
        }
        out
    }
}

/// A number as people read it: thousands apart, decimals only where they matter.
pub fn number(value: f64) -> String {
    if value < 10.0 {
        return format!("{value:.2}");
    }
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_was_not_measured_leaves_a_dash() {
        let mut table = Table::default();
        table.column("SQLite".to_owned());
        table.put((2, "b"), number(12_345.6));
        table.column("PostgreSQL".to_owned());
        table.put((1, "a"), number(0.456));
        assert_eq!(
            table.to_markdown(),
            "| figure | SQLite | PostgreSQL |\n|---|---:|---:|\n| a | – | 0.46 |\n| b | 12,346 | – |\n"
        );
    }
}
