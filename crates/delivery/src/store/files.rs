//! The store's folder, file and locks: for this user's eyes, and for one process.
//!
//! Two kinds of locks say that a process has the store. The one on the database itself belongs to the file, by whatever
//! link or mount it is reached; it is `flock`'s, which does not meet the POSIX locks that `SQLite` takes. The lock files
//! beside it are those of earlier versions, which know no other.

use super::{OpenError, origin};
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The file systems on which `flock` is a POSIX lock in disguise (`flock(2)`, "NFS details" and "CIFS details"): NFS,
/// SMB, CIFS, SMB 2. There it would lock `SQLite` out.
const NETWORK: [u32; 4] = [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42];

/// The end of the name of the file that has the store's key.
pub(super) const KEY: &str = ".key";

/// The files that are taken for this process, until this is dropped.
pub(super) struct Files {
    /// The database without links on the way: `SQLite` names the files beside it after that.
    home: PathBuf,
    opened: Opened,
    /// The descriptor of the database. Closing any drops every POSIX lock that this process has on it, those of
    /// `SQLite` among them. So this one is closed after the last connection.
    _data: File,
    _locks: Vec<File>,
}

impl Files {
    /// Makes what is missing, and takes what is there if nobody else has it.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        make_folder(path)?;
        let data = private(path)?;
        if is_local(&data).map_err(of(path))? {
            lock(&data, path, path)?;
        } else {
            let path = path.display();
            tracing::warn!(%path, "the store lies on a network file system, which cannot keep other machines out");
        }
        let home = fs::canonicalize(path).map_err(of(path))?;
        origin::examine(&data, &home)?;
        let locks = lock_files(path, &home)?;
        restrict(&data, &home)?;
        let links = data.metadata().map_err(of(path))?.nlink();
        if links > 1 {
            tracing::warn!(path = %path.display(), links, "the store's file has more than one name");
        }
        let mut opened = Opened(Vec::new());
        let database = data.metadata().map_err(of(path))?;
        opened.note(path, &database, true);
        if home != path {
            opened.note(&home, &database, true);
        }
        for (path, lock) in &locks {
            opened.note(path, &lock.metadata().map_err(of(path))?, false);
        }
        Ok(Self {
            home,
            opened,
            _data: data,
            _locks: locks.into_iter().map(|(_, lock)| lock).collect(),
        })
    }

    /// The log and its index are there once something was written: from now on they are watched too.
    pub(super) fn watch_the_log(&mut self) -> Result<(), OpenError> {
        for ending in ["-wal", "-shm"] {
            let path = side(&self.home, ending);
            let found = fs::metadata(&path).map_err(of(&path))?;
            self.opened.note(&path, &found, false);
        }
        Ok(())
    }

    /// The database's path without links.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// Checks that every path still names what was opened.
    pub(super) fn check(&self) -> Result<(), Gone> {
        self.opened.check()
    }

    /// The same question for whoever must not keep the files.
    pub(super) fn opened(&self) -> Opened {
        self.opened.clone()
    }
}

/// The path of a file that lies beside another.
pub(super) fn side(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn make_folder(path: &Path) -> Result<(), OpenError> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(of(folder))
}

fn private(path: &Path) -> Result<File, OpenError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(of(path))
}

fn is_local(data: &File) -> io::Result<bool> {
    let kind = rustix::fs::fstatfs(data)?.f_type;
    Ok(!NETWORK
        .iter()
        .any(|network| i128::from(kind) == i128::from(*network)))
}

fn lock(file: &File, path: &Path, store: &Path) -> Result<(), OpenError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
            path: store.to_path_buf(),
        }),
        Err(TryLockError::Error(source)) => Err(of(path)(source)),
    }
}

/// Takes the lock files beside the path as it is written, and beside the file itself.
fn lock_files(path: &Path, home: &Path) -> Result<Vec<(PathBuf, File)>, OpenError> {
    let mut locks: Vec<(PathBuf, File)> = Vec::with_capacity(2);
    for path in [side(path, ".lock"), side(home, ".lock")] {
        let file = private(&path)?;
        let same = |(_, other): &(PathBuf, File)| Ok(Inode::of(other)? == Inode::of(&file)?);
        if !locks.first().map_or(Ok(false), same).map_err(of(&path))? {
            lock(&file, &path, home)?;
            locks.push((path, file));
        }
    }
    Ok(locks)
}

/// Closes the files to others, whoever made them: texts and numbers are in these, and the key that seals. `SQLite` gives
/// what it makes beside the database the database's mode.
fn restrict(data: &File, home: &Path) -> Result<(), OpenError> {
    let exposed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| OpenError::Exposed { path, source }
    };
    let mode = |permissions: &Permissions| permissions.mode() & 0o7777;
    let found = mode(&data.metadata().map_err(of(home))?.permissions());
    if found & 0o077 != 0 {
        data.set_permissions(Permissions::from_mode(0o600))
            .map_err(exposed(home))?;
        let (path, found) = (home.display(), format!("{found:o}"));
        tracing::warn!(%path, found, "others could read the store; its mode is 0600 now");
    }
    for ending in ["-wal", "-shm", "-journal", KEY] {
        let path = side(home, ending);
        let Ok(beside) = fs::symlink_metadata(&path) else {
            continue;
        };
        if beside.is_file() && mode(&beside.permissions()) & 0o077 != 0 {
            fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(exposed(&path))?;
        }
    }
    Ok(())
}

/// The file that each path named when it was opened.
#[derive(Clone)]
pub(super) struct Opened(Vec<Named>);

#[derive(Clone)]
struct Named {
    path: PathBuf,
    inode: Inode,
    /// Set for the database itself, which has at least a page.
    is_database: bool,
}

impl Opened {
    fn note(&mut self, path: &Path, found: &Metadata, is_database: bool) {
        self.0.push(Named {
            path: path.to_path_buf(),
            inode: Inode::from(found),
            is_database,
        });
    }

    /// Checks that every path still names that. Looks at paths only: a second descriptor of the database must not be
    /// closed while `SQLite` has it open.
    pub(super) fn check(&self) -> Result<(), Gone> {
        for named in &self.0 {
            let gone = match fs::metadata(&named.path) {
                Ok(found) if Inode::from(&found) == named.inode => {
                    if found.len() > 0 || !named.is_database {
                        continue;
                    }
                    "was emptied".to_owned()
                }
                Ok(_) => "is another file than the one that was opened".to_owned(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => "was removed or renamed".to_owned(),
                Err(error) => error.to_string(),
            };
            return Err(Gone {
                path: named.path.clone(),
                gone,
            });
        }
        Ok(())
    }
}

/// The identity of a file, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inode {
    device: u64,
    number: u64,
}

impl Inode {
    fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|found| Self::from(&found))
    }
}

impl From<&Metadata> for Inode {
    fn from(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            number: found.ino(),
        }
    }
}

/// A path no longer names what was opened.
#[derive(Debug, thiserror::Error)]
#[error("{}: {gone}", path.display())]
pub(super) struct Gone {
    path: PathBuf,
    gone: String,
}

fn of(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_path_buf();
    move |source| OpenError::File { path, source }
}
