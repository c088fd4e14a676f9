//! Whether a folder is on a network file system, where neither locks nor a write-ahead log can be trusted.
//!
//! Looks and decides; writes nothing. Known on Linux only: elsewhere the standard library does not say.

use std::path::Path;

/// The network file system that a folder is on, if it is on one.
#[cfg(target_os = "linux")]
pub(super) fn network(folder: &Path) -> Option<String> {
    let found = rustix::fs::statfs(folder).ok()?;
    // The width of the field differs between machines; the numbers fit into 32 bits on all of them.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a bit pattern of 32 bits, see above"
    )]
    let magic = found.f_type as u32;
    if magic == FUSE {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        return remote_fuse(&mounts, &folder);
    }
    named(magic).map(str::to_owned)
}

/// Not known here.
#[cfg(not(target_os = "linux"))]
pub(super) const fn network(_folder: &Path) -> Option<String> {
    None
}

/// `FUSE_SUPER_MAGIC`: local and remote file systems alike, told apart by their names.
#[cfg(any(target_os = "linux", test))]
const FUSE: u32 = 0x6573_5546;

/// The numbers of `linux/magic.h` and of the file systems' own headers.
#[cfg(any(target_os = "linux", test))]
const fn named(magic: u32) -> Option<&'static str> {
    match magic {
        0x6969 => Some("nfs"),
        0x517B => Some("smb"),
        0xFF53_4D42 => Some("cifs"),
        0xFE53_4D42 => Some("smb2"),
        0x5346_414F | 0x6B41_4653 => Some("afs"),
        0x0102_1997 => Some("9p"),
        0x00C3_6400 => Some("ceph"),
        0x7375_7245 => Some("coda"),
        0x564C => Some("ncp"),
        0x0BD0_0BD0 => Some("lustre"),
        0x4750_4653 => Some("gpfs"),
        _ => None,
    }
}

/// Names after `fuse.` that reach over a network.
#[cfg(any(target_os = "linux", test))]
const REMOTE: [&str; 12] = [
    "sshfs",
    "rclone",
    "s3fs",
    "gcsfuse",
    "goofys",
    "glusterfs",
    "mfs",
    "juicefs",
    "davfs",
    "curlftpfs",
    "cephfs",
    "blobfuse2",
];

/// The remote FUSE file system that a path is on, after the kernel's list of mounts.
#[cfg(any(target_os = "linux", test))]
fn remote_fuse(mounts: &str, path: &Path) -> Option<String> {
    let mounted = mounts.lines().filter_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let point = before.split(' ').nth(4)?.replace("\\040", " ");
        let kind = after.split(' ').next()?;
        path.starts_with(&point).then(|| (point.len(), kind.to_owned()))
    });
    // The longest mount point is the one that holds the path; of equal ones the later hides the earlier.
    let (_, kind) = mounted.max_by_key(|(length, _)| *length)?;
    let name = kind.strip_prefix("fuse.").or_else(|| kind.strip_prefix("fuseblk."))?;
    REMOTE.contains(&name).then(|| kind.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_have_names() {
        for (magic, name) in [(0x6969, "nfs"), (0xFF53_4D42, "cifs"), (0x0102_1997, "9p")] {
            assert_eq!(named(magic), Some(name));
        }
        // ext4, tmpfs, btrfs, xfs, overlay, zfs.
        for local in [0xEF53, 0x0102_1994, 0x9123_683E, 0x5846_5342, 0x794C_7630, 0x2FC1_2FC1] {
            assert_eq!(named(local), None, "{local:x}");
        }
    }

    #[test]
    fn remote_fuse_mounts_are_told_from_local_ones() {
        let mounts = "\
24 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
90 24 0:50 / /mnt/server rw,nosuid - fuse.sshfs me@server: rw
91 24 0:51 / /mnt/stick\\040one rw,nosuid - fuseblk /dev/sdb1 rw
92 90 0:52 / /mnt/server/local rw - tmpfs tmpfs rw";
        let kind = |path: &str| remote_fuse(mounts, Path::new(path));
        assert_eq!(kind("/mnt/server/state").as_deref(), Some("fuse.sshfs"));
        assert_eq!(kind("/mnt/stick one/state"), None);
        assert_eq!(kind("/mnt/server/local/state"), None);
        assert_eq!(kind("/home/me"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_of_this_machine_is_none() {
        assert_eq!(network(Path::new("/proc")), None);
    }
}
