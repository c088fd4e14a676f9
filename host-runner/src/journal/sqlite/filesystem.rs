//! What the file system of a folder can be trusted with: locks that hold, and change times that no program sets back.
//!
//! Looks and decides; writes nothing. Known on Linux only: elsewhere the standard library does not say.

use std::path::Path;

/// The file system of a folder, if file locks and a write-ahead log cannot be trusted there: two machines, or a machine and its
/// guests, may each have a lock of their own.
#[cfg(target_os = "linux")]
pub(super) fn without_locks(folder: &Path) -> Option<String> {
    let magic = magic(folder)?;
    if magic == FUSE {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        return shared_fuse(&mounts, &folder);
    }
    shared(magic).map(str::to_owned)
}

/// Not known here.
#[cfg(not(target_os = "linux"))]
pub(super) const fn without_locks(_folder: &Path) -> Option<String> {
    None
}

/// Whether a file's change time says of every change that there was one.
#[cfg(target_os = "linux")]
pub(super) fn has_change_times(path: &Path) -> bool {
    magic(path).is_some_and(keeps_change_times)
}

/// Not known here.
#[cfg(not(target_os = "linux"))]
pub(super) const fn has_change_times(_path: &Path) -> bool {
    false
}

/// The number by which the kernel names the file system of a path.
#[cfg(target_os = "linux")]
fn magic(path: &Path) -> Option<u32> {
    let found = rustix::fs::statfs(path).ok()?;
    // The width of the field differs between machines; the numbers fit into 32 bits on all of them.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a bit pattern of 32 bits, see above"
    )]
    let magic = found.f_type as u32;
    Some(magic)
}

/// `FUSE_SUPER_MAGIC`: local and remote file systems alike, distinguished by their names in the list of mounts.
#[cfg(any(target_os = "linux", test))]
const FUSE: u32 = 0x6573_5546;

/// File systems that other machines may share: the numbers of `linux/magic.h` and of the file systems' own headers.
#[cfg(any(target_os = "linux", test))]
const fn shared(magic: u32) -> Option<&'static str> {
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
        0x1983_0326 => Some("beegfs"),
        0x7461_636F => Some("ocfs2"),
        0x0116_1970 => Some("gfs2"),
        0x786F_4256 => Some("vboxsf"),
        0xBACB_ACBC => Some("vmhgfs"),
        0x7C7C_6673 => Some("prl_fs"),
        0xAAD7_AAEA => Some("panfs"),
        _ => None,
    }
}

/// Local file systems whose change time the kernel keeps. FAT and exFAT give a file's time of writing for it, which any program sets.
#[cfg(any(target_os = "linux", test))]
const fn keeps_change_times(magic: u32) -> bool {
    matches!(
        magic,
        // ext2 to ext4, xfs, btrfs, tmpfs, ramfs, overlayfs, zfs.
        0xEF53 | 0x5846_5342 | 0x9123_683E | 0x0102_1994 | 0x8584_58F6 | 0x794C_7630 | 0x2FC1_2FC1
        // f2fs, bcachefs, jfs.
        | 0xF2F5_2010 | 0xCA45_1A4E | 0x3153_464A
    )
}

/// FUSE file systems that are on a disk of this machine: of all others it is not known who shares them, as with virtiofs and
/// `fuse.grpcfuse`, which hand a folder of the machine to its guests.
#[cfg(any(target_os = "linux", test))]
const LOCAL_FUSE: [&str; 18] = [
    "fuseblk",
    "fuseblk.ntfs",
    "fuse.ntfs-3g",
    "fuse.ntfs",
    "fuse.exfat",
    "fuse.ext2",
    "fuse.ext4",
    "fuse.fuse2fs",
    "fuse.fuse-overlayfs",
    "fuse.overlayfs",
    "fuse.mergerfs",
    "fuse.unionfs",
    "fuse.gocryptfs",
    "fuse.encfs",
    "fuse.cryfs",
    "fuse.bindfs",
    "fuse.lxcfs",
    "fuse.zfs",
];

/// The FUSE file system that a path is on, after the kernel's list of mounts, unless it is known to be local.
#[cfg(any(target_os = "linux", test))]
fn shared_fuse(mounts: &str, path: &Path) -> Option<String> {
    let mounted = mounts.lines().filter_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let point = before.split(' ').nth(4)?.replace("\\040", " ");
        let kind = after.split(' ').next()?;
        path.starts_with(&point).then_some((point.len(), kind))
    });
    // The longest mount point is the one that holds the path; of equal ones the later hides the earlier.
    let kind = mounted.max_by_key(|(length, _)| *length).map_or("fuse", |(_, kind)| kind);
    (!LOCAL_FUSE.contains(&kind)).then(|| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_file_systems_have_names_and_local_ones_none() {
        for (magic, name) in [
            (0x6969, "nfs"),
            (0x517B, "smb"),
            (0xFF53_4D42, "cifs"),
            (0xFE53_4D42, "smb2"),
            (0x0102_1997, "9p"),
            (0x00C3_6400, "ceph"),
            (0x0BD0_0BD0, "lustre"),
            (0x1983_0326, "beegfs"),
            (0x7461_636F, "ocfs2"),
            (0x0116_1970, "gfs2"),
            (0x786F_4256, "vboxsf"),
            (0xBACB_ACBC, "vmhgfs"),
            (0x7C7C_6673, "prl_fs"),
        ] {
            assert_eq!(shared(magic), Some(name));
            assert!(!keeps_change_times(magic), "{name}");
        }
        // ext4, tmpfs, btrfs, xfs, overlay, zfs.
        for local in [0xEF53, 0x0102_1994, 0x9123_683E, 0x5846_5342, 0x794C_7630, 0x2FC1_2FC1] {
            assert_eq!(shared(local), None, "{local:x}");
            assert!(keeps_change_times(local), "{local:x}");
        }
        // FAT, exFAT, NTFS and FUSE: local, or not known to be shared, and their change times prove nothing.
        for odd in [0x4D44, 0x2011_BAB0, 0x5346_544E, FUSE] {
            assert_eq!(shared(odd), None, "{odd:x}");
            assert!(!keeps_change_times(odd), "{odd:x}");
        }
    }

    #[test]
    fn fuse_mounts_are_shared_unless_they_are_known_to_be_local() {
        let on = |kind: &str, path: &str| {
            let mounts = format!(
                "\
24 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
90 24 0:50 / /mnt/shared rw,nosuid shared:7 - {kind} source rw
92 90 0:52 / /mnt/shared/local rw - tmpfs tmpfs rw
91 24 0:51 / /mnt/stick\\040one rw,nosuid - fuseblk /dev/sdb1 rw"
            );
            shared_fuse(&mounts, Path::new(path))
        };
        for kind in [
            "virtiofs",
            "fuse.grpcfuse",
            "grpcfuse",
            "fuse.osxfs",
            "fakeowner",
            "fuse.vmhgfs-fuse",
            "fuse.sshfs",
            "fuse.rclone",
            "fuse.glusterfs",
            "fuse.ceph-fuse",
            "fuse.s3fs",
            "fuse.juicefs",
            "fuse",
        ] {
            assert_eq!(on(kind, "/mnt/shared/state").as_deref(), Some(kind));
        }
        for kind in LOCAL_FUSE {
            assert_eq!(on(kind, "/mnt/shared/state"), None, "{kind}");
        }
        assert_eq!(on("virtiofs", "/mnt/stick one/state"), None);
        assert_eq!(shared_fuse("", Path::new("/mnt")).as_deref(), Some("fuse"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_of_this_machine_is_not_shared() {
        assert_eq!(without_locks(Path::new("/proc")), None);
        assert!(!has_change_times(Path::new("/proc")));
    }
}
