//! The store's folder, file and locks: for this user's eyes, and for one process.
//!
//! Two kinds of locks say that a process has the store. The one on the database itself belongs to the file, by whatever
//! link or mount it is reached; it is `flock`'s, which does not meet the POSIX locks that `SQLite` takes. The lock files
//! beside it are those of earlier versions, which know no other.

use super::{OpenError, key_file, origin};
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The file systems on which `flock` is a POSIX lock in disguise (`flock(2)`, "NFS details" and "CIFS details"): NFS,
/// SMB, CIFS, SMB 2. There it would lock `SQLite` out.
const NETWORK: [u32; 4] = [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42];

/// The end of the name of the file that has the store's key.
pub(super) const KEY: &str = ".key";

/// The bytes that `SQLite` may cut the log to once all of it is in the database (`journal_size_limit`). The writer asks for
/// nothing else that makes it shorter.
pub(super) const LOG_KEPT: u64 = 64 << 20;

/// The first bytes of the log, but for the last bit, which is the byte order of its sums (file format, section 4.1).
const LOG_MAGIC: [u8; 3] = [0x37, 0x7f, 0x06];

/// The files that are taken for this process, until this is dropped.
pub(super) struct Files {
    /// The database without links on the way: `SQLite` names the files beside it after that.
    home: PathBuf,
    opened: Opened,
    key: [u8; key_file::LENGTH],
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
        let home = fs::canonicalize(path).map_err(of(path))?;
        for ending in [".lock", KEY, "-wal", "-shm", "-journal"] {
            only_a_file(&side(&home, ending))?;
        }
        if is_local(&data).map_err(of(path))? {
            lock(&data, path, path)?;
        } else {
            let path = path.display();
            tracing::warn!(%path, "the store lies on a network file system, which cannot keep other machines out");
        }
        origin::examine(&data, &home)?;
        let locks = lock_files(path, &home)?;
        restrict(&data, &home)?;
        let links = data.metadata().map_err(of(path))?.nlink();
        if links > 1 {
            tracing::warn!(path = %path.display(), links, "the store's file has more than one name");
        }
        let mut opened = Opened(Vec::new());
        let database = data.metadata().map_err(of(path))?;
        // It has at least a page; how many is a matter of what is in it.
        opened.note(path, &database, 1, None);
        if home != path {
            opened.note(&home, &database, 1, None);
        }
        for (path, lock) in &locks {
            opened.note(path, &lock.metadata().map_err(of(path))?, 0, None);
        }
        let key = key_file::read_or_make(&home)?;
        Ok(Self {
            home,
            opened,
            key,
            _data: data,
            _locks: locks.into_iter().map(|(_, lock)| lock).collect(),
        })
    }

    /// The log and its index are there once something was written: from now on they are watched too.
    pub(super) fn watch_the_log(&mut self) -> Result<(), OpenError> {
        let path = side(&self.home, "-wal");
        // Nobody locks the log itself, so its descriptor may be closed at any time.
        let file = File::open(&path).map_err(of(&path))?;
        let found = file.metadata().map_err(of(&path))?;
        let begun = AtomicBool::new(false);
        let log = Arc::new(Log { file, begun });
        self.opened.note(&path, &found, LOG_KEPT, Some(log));
        let path = side(&self.home, "-shm");
        let found = fs::metadata(&path).map_err(of(&path))?;
        self.opened.note(&path, &found, u64::MAX, None);
        Ok(())
    }

    /// The database's path without links.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// The key as it was when the files were taken.
    pub(super) fn key(&self) -> &[u8; key_file::LENGTH] {
        &self.key
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
    // Before it is opened: that alone may wait for another process, or make a device do something.
    only_a_file(path)?;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(of(path))?;
    if file.metadata().map_err(of(path))?.is_file() {
        Ok(file)
    } else {
        Err(no_file(path))
    }
}

/// Refuses a path that names a directory, a device, a pipe or a socket, itself or by a link. Nothing there is no fault.
fn only_a_file(path: &Path) -> Result<(), OpenError> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(no_file(path)),
        _ => Ok(()),
    }
}

fn no_file(path: &Path) -> OpenError {
    OpenError::Foreign {
        path: path.to_path_buf(),
        why: "each file of a store is a regular file, and this is none",
    }
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
    /// The length that it does not go below any more: what was seen, up to `most`.
    floor: Arc<AtomicU64>,
    most: u64,
    log: Option<Arc<Log>>,
}

/// The log. What is written after somebody emptied it goes where it would have gone, so that it is as long as before, with
/// a hole in front: the next start would find nothing in it.
struct Log {
    file: File,
    /// Set once it was seen to begin as a log does. One that a crash left may not, and is begun anew.
    begun: AtomicBool,
}

impl Log {
    fn has_its_beginning(&self) -> bool {
        let begun = self.begun.load(Ordering::Acquire);
        let mut first = [0; LOG_MAGIC.len()];
        let begins = self.file.read_exact_at(&mut first, 0).is_ok() && first == LOG_MAGIC;
        if begins {
            self.begun.store(true, Ordering::Release);
        }
        begins || !begun
    }
}

impl Opened {
    fn note(&mut self, path: &Path, found: &Metadata, most: u64, log: Option<Arc<Log>>) {
        self.0.push(Named {
            path: path.to_path_buf(),
            inode: Inode::from(found),
            floor: Arc::new(AtomicU64::new(found.len().min(most))),
            most,
            log,
        });
    }

    /// Checks that every path still names that. Looks at paths only: a second descriptor of the database must not be
    /// closed while `SQLite` has it open.
    pub(super) fn check(&self) -> Result<(), Gone> {
        self.0.iter().try_for_each(Named::check)
    }
}

impl Named {
    fn check(&self) -> Result<(), Gone> {
        // Before the look: what another thread sees later may be longer.
        let floor = self.floor.load(Ordering::Acquire);
        let gone = match fs::metadata(&self.path) {
            Ok(found) if Inode::from(&found) == self.inode => {
                let begins = self.log.as_ref().is_none_or(|log| log.has_its_beginning());
                if found.len() >= floor && begins {
                    self.floor.fetch_max(found.len().min(self.most), Ordering::AcqRel);
                    return Ok(());
                }
                "was emptied or cut".to_owned()
            }
            Ok(_) => "is another file than the one that was opened".to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => "was removed or renamed".to_owned(),
            Err(error) => error.to_string(),
        };
        Err(Gone::new(&self.path, gone))
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

impl Gone {
    pub(super) fn new(path: &Path, gone: String) -> Self {
        let path = path.to_path_buf();
        Self { path, gone }
    }
}

fn of(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_path_buf();
    move |source| OpenError::File { path, source }
}
