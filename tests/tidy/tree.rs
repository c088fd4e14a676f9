//! The files of the repository, read once. What git ignores (`target/`, and what cargo-component writes) is no part of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A text file, its path with `/` and relative to the root.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    fn ends_with(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|it| it == extension)
    }
}

/// The repository.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) root: PathBuf,
    pub(crate) files: Vec<File>,
}

impl Tree {
    pub(crate) fn read() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut tree = Self { root: root.clone(), files: Vec::new() };
        tree.folder(&root);
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        tree
    }

    /// Hidden folders are tools' own, except those where the project keeps something.
    fn folder(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let hidden = name.starts_with('.') && ![".cargo", ".ci"].contains(&name.as_str());
            let ignored = name == "target" || path == self.root.join("src/bindings.rs");
            if hidden || ignored || name == "node_modules" {
                continue;
            }
            if path.is_dir() {
                self.folder(&path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let path =
                    path.strip_prefix(&self.root).unwrap().to_string_lossy().replace('\\', "/");
                self.files.push(File { path, text });
            }
        }
    }

    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.ends_with("rs"))
    }

    pub(crate) fn documents(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.ends_with("md"))
    }

    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.root.join(path.trim_end_matches('/')).exists()
    }
}
