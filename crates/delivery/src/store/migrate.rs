//! The schema, which only moves forward. All that is pending is applied and recorded in one transaction, so that whatever
//! moment a kill comes at, the next start finds the schema of before or the one of after.
//!
//! Earlier versions committed each migration and its row of the history apart. A store that was left between the two is
//! recognised by what the migration makes, and the row is added.

use super::OpenError;
use super::origin::APPLICATION_ID;
use refinery::{Migration, SchemaVersion};
use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::BTreeSet;
use std::path::Path;

#[allow(unreachable_pub, reason = "generated")]
mod embedded {
    refinery::embed_migrations!("migrations");
}

/// The table of the history as the library `refinery` makes it: earlier versions read it with that.
const HISTORY: &str = "CREATE TABLE IF NOT EXISTS refinery_schema_history (
    version int4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), checksum VARCHAR(255))";

/// The time is RFC 3339, which earlier versions insist on.
const RECORD: &str = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
    VALUES (?1, ?2, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?3)";

const RECORDED: &str = "SELECT CAST(version AS INTEGER), CAST(name AS TEXT), CAST(checksum AS TEXT)
    FROM refinery_schema_history ORDER BY version";

/// Lists all that migrations make: tables, indexes, triggers, and the columns of tables.
const SHAPE: &str = "SELECT type || ' ' || name FROM sqlite_schema
        WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'refinery_schema_history'
    UNION SELECT 'column ' || tables.name || '.' || columns.name
        FROM sqlite_schema AS tables, pragma_table_xinfo(tables.name) AS columns
        WHERE tables.type = 'table' AND tables.name <> 'refinery_schema_history'";

/// The names of tables, columns, indexes and triggers.
type Shape = BTreeSet<String>;

/// Brings the schema up to date, or says why it cannot be.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let migrations = migrations();
    migrate_to(connection, path, &migrations)
}

/// Returns every migration of this program, oldest first.
pub(super) fn migrations() -> Vec<Migration> {
    let mut migrations = embedded::migrations::runner().get_migrations().clone();
    migrations.sort_by_key(Migration::version);
    migrations
}

pub(super) fn migrate_to(
    connection: &mut Connection,
    path: &Path,
    migrations: &[Migration],
) -> Result<(), OpenError> {
    let fault = OpenError::of(path);
    let steps = steps(migrations).map_err(&fault)?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&fault)?;
    transaction.execute_batch(HISTORY).map_err(&fault)?;
    let recorded = recorded(&transaction).map_err(&fault)?;
    compare(&recorded, migrations, path)?;
    for step in &steps {
        let version = step.migration.version();
        if recorded.iter().any(|known| known.version == version) {
            continue;
        }
        let there = shape(&transaction).map_err(&fault)?;
        if step.is_made(&there, path)? {
            tracing::warn!(
                version,
                "a migration had been applied and not recorded; the record is added"
            );
        } else {
            transaction
                .execute_batch(step.migration.sql().unwrap_or_default())
                .map_err(&fault)?;
        }
        record(&transaction, step.migration).map_err(&fault)?;
    }
    let there = shape(&transaction).map_err(&fault)?;
    if let Some(missing) = steps.last().and_then(|last| last.after.difference(&there).next()) {
        let what = format!("there is no {missing}");
        return Err(damaged(path, what));
    }
    sign(&transaction).map_err(&fault)?;
    transaction.commit().map_err(&fault)
}

/// Marks the file as ours. It is written anew at each start, so that a disk on which nothing can be written shows at once.
fn sign(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)
}

/// Tells whether an unsigned database is a store of an earlier version, or nothing was ever made in it.
pub(super) fn is_ours_or_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let migrations = migrations();
    let Some(first) = migrations.first() else {
        return Ok(false);
    };
    let has_history = "SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history'";
    if connection.prepare(has_history)?.exists([])?
        && let Some(oldest) = recorded(connection)?.first()
    {
        return Ok(oldest.is(first));
    }
    let there = shape(connection)?;
    if there.is_empty() {
        let version: i32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        return Ok(version == 0);
    }
    Ok(steps(std::slice::from_ref(first))?
        .iter()
        .all(|step| step.after.is_subset(&there) || is_begun(&step.after, &there)))
}

/// Tells whether nothing is there but whole tables of ours, and not all of them. That is damage, and no other program's
/// file.
fn is_begun(ours: &Shape, there: &Shape) -> bool {
    let is_whole = |table: &str| {
        let columns = format!("column {table}.");
        let mut ours = ours.iter().filter(|thing| thing.starts_with(&columns));
        ours.all(|column| there.contains(column))
    };
    let mut tables = there.iter().filter_map(|thing| thing.strip_prefix("table "));
    there.is_subset(ours) && tables.all(is_whole)
}

/// A migration, and what the schema has before and after it.
struct Step<'a> {
    migration: &'a Migration,
    before: Shape,
    after: Shape,
}

impl Step<'_> {
    /// Tells whether all it makes is there already. A part of it is damage: each migration was a transaction at all
    /// times.
    fn is_made(&self, there: &Shape, path: &Path) -> Result<bool, OpenError> {
        let (made, missing): (Vec<_>, Vec<_>) = self
            .after
            .difference(&self.before)
            .partition(|thing| there.contains(*thing));
        match (made.first(), missing.first()) {
            (Some(made), Some(missing)) => {
                let version = self.migration.version();
                let what = format!("schema {version} was made in part, there is the {made} and no {missing}");
                Err(damaged(path, what))
            }
            (made, _) => Ok(made.is_some()),
        }
    }
}

/// Tries the migrations on an empty database in memory.
fn steps(migrations: &[Migration]) -> rusqlite::Result<Vec<Step<'_>>> {
    let empty = Connection::open_in_memory()?;
    let mut steps = Vec::with_capacity(migrations.len());
    let mut before = Shape::new();
    for migration in migrations {
        empty.execute_batch(migration.sql().unwrap_or_default())?;
        let after = shape(&empty)?;
        steps.push(Step {
            migration,
            before: std::mem::replace(&mut before, after.clone()),
            after,
        });
    }
    Ok(steps)
}

fn shape(connection: &Connection) -> rusqlite::Result<Shape> {
    connection
        .prepare(SHAPE)?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// A migration that was applied before.
struct Recorded {
    version: SchemaVersion,
    name: String,
    checksum: String,
}

impl Recorded {
    fn is(&self, migration: &Migration) -> bool {
        self.version == migration.version()
            && self.name == migration.name()
            && self.checksum == migration.checksum().to_string()
    }
}

fn recorded(connection: &Connection) -> rusqlite::Result<Vec<Recorded>> {
    connection
        .prepare(RECORDED)?
        .query_map([], |row| {
            Ok(Recorded {
                version: row.get(0)?,
                name: row.get(1)?,
                checksum: row.get(2)?,
            })
        })?
        .collect()
}

fn record(connection: &Connection, migration: &Migration) -> rusqlite::Result<()> {
    let checksum = migration.checksum().to_string();
    connection
        .execute(RECORD, params![migration.version(), migration.name(), checksum])
        .map(drop)
}

/// Refuses a history that is not this program's: what was applied must be what it would have applied.
fn compare(recorded: &[Recorded], migrations: &[Migration], path: &Path) -> Result<(), OpenError> {
    let known = migrations.last().map_or(0, Migration::version);
    for found in recorded.iter().rev() {
        let version = found.version;
        if version > known {
            return Err(OpenError::Newer {
                path: path.to_path_buf(),
                found: version,
                known,
            });
        }
        let ours = migrations.iter().find(|migration| migration.version() == version);
        let same =
            |ours: &Migration| ours.name() == found.name && ours.checksum().to_string() == found.checksum;
        if !ours.is_some_and(same) {
            return Err(OpenError::OtherSchema {
                path: path.to_path_buf(),
                version,
            });
        }
    }
    Ok(())
}

fn damaged(path: &Path, what: String) -> OpenError {
    OpenError::Damaged {
        path: path.to_path_buf(),
        what,
    }
}
