//! Whom it serves how well: the groups of the columns that the person named.

use maud::{Markup, html};

use crate::report::audits::{gaps, groups};
use crate::report::data::{ReportData, Target};

pub(super) fn content(data: &ReportData, target: &Target) -> Option<Markup> {
    (!target.audits.is_empty()).then(|| {
        html! {
            p {
                "Each group of " (data.rows_are()) " of the test by itself. Behind each figure stands the interval in which it would lie in 95 of 100 such samples; "
                "where intervals are wide, few are known of that group."
            }
            @for audit in &target.audits {
                h4 { @if audit.class { "“" (audit.subject) "” " } "by " (audit.column) }
                (groups(audit))
                (gaps(audit))
            }
        }
    })
}
