//! Finds which module of a crate uses which, from every `use` and every path in the sources.
//!
//! A module is a file. A file with `use crate::c::{d, E}` uses the file of the module `c::d`, if there is one, and the file of `c`, which has
//! `E`. A parent that declares a child (`mod child;`) does not use it; a parent that names an item of the child does. Code under
//! `#[cfg(test)]` does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, Meta, UseTree};

/// The path of a module in its crate, for instance `["run", "single"]`. The path of the crate's root is empty.
pub(crate) type Module = Vec<String>;

/// Each module of a crate, with the modules that it uses.
pub(crate) type Uses = BTreeMap<Module, BTreeSet<Module>>;

/// Reads all sources below `folder`, which is the `src` of a crate.
pub(crate) fn uses(folder: &Path) -> Uses {
    let files = files(folder);
    let modules: BTreeSet<Module> = files.keys().cloned().collect();
    files.iter().map(|(module, path)| (module.clone(), uses_of(module, path, &modules))).collect()
}

/// Returns the groups of modules that use each other, directly or through other modules.
pub(crate) fn circles(uses: &Uses) -> Vec<BTreeSet<Module>> {
    let reach: BTreeMap<&Module, BTreeSet<&Module>> = uses.keys().map(|module| (module, reachable(module, uses))).collect();
    let both_ways = |a: &Module, b: &Module| reach[a].contains(b) && reach[b].contains(a);
    let circle = |module: &Module| uses.keys().filter(|other| both_ways(module, other)).cloned().collect::<BTreeSet<_>>();
    let found: BTreeSet<BTreeSet<Module>> = uses.keys().map(circle).filter(|circle| !circle.is_empty()).collect();
    found.into_iter().collect()
}

fn reachable<'a>(from: &Module, uses: &'a Uses) -> BTreeSet<&'a Module> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Module> = uses[from].iter().collect();
    while let Some(module) = open.pop() {
        if found.insert(module) {
            open.extend(&uses[module]);
        }
    }
    found
}

fn files(folder: &Path) -> BTreeMap<Module, PathBuf> {
    let sources = super::paths(folder).into_iter().map(|path| (module_of(path.strip_prefix(folder).unwrap()), path));
    sources.filter(|(module, _)| module.last().is_none_or(|name| name != "tests")).collect()
}

fn module_of(path: &Path) -> Module {
    let mut module: Module = path.with_extension("").iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    let is_root = module.len() == 1 && matches!(module[0].as_str(), "lib" | "main");
    if is_root || module.last().is_some_and(|name| name == "mod") {
        module.pop();
    }
    module
}

fn uses_of(module: &Module, path: &Path, modules: &BTreeSet<Module>) -> BTreeSet<Module> {
    let text = std::fs::read_to_string(path).unwrap();
    let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = Reader { module, modules, found: BTreeSet::new() };
    reader.visit_file(&file);
    reader.found.remove(module);
    reader.found
}

struct Reader<'a> {
    module: &'a Module,
    modules: &'a BTreeSet<Module>,
    found: BTreeSet<Module>,
}

impl Reader<'_> {
    /// Adds the module that a path leads to, if it is one of this crate.
    fn add(&mut self, path: &[String]) {
        let Some(path) = self.resolve(path) else { return };
        let deepest = (0..=path.len()).rev().map(|end| &path[..end]).find(|prefix| self.modules.contains(*prefix));
        self.found.extend(deepest.map(<[String]>::to_vec));
    }

    /// Returns the path from the crate's root. `None` if the path leads to another crate.
    fn resolve(&self, path: &[String]) -> Option<Module> {
        let first = path.first()?;
        let mut base = self.module.clone();
        match first.as_str() {
            "crate" => return Some(path[1..].to_vec()),
            "self" => return Some([&base, &path[1..]].concat()),
            "super" => {
                let ups = path.iter().take_while(|name| *name == "super").count();
                base.truncate(base.len().saturating_sub(ups));
                return Some([&base, &path[ups..]].concat());
            }
            _ => base.push(first.clone()),
        }
        // the path may begin with the name of a child
        self.modules.contains(&base).then(|| [&base, &path[1..]].concat())
    }

    fn add_tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.add_tree(&with(&path.ident), &path.tree),
            UseTree::Name(name) => self.add(&with(&name.ident)),
            UseTree::Rename(name) => self.add(&with(&name.ident)),
            UseTree::Glob(_) => self.add(before),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(before, tree)),
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !is_test(&item.attrs) {
            self.add_tree(&[], &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.add(&path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>());
        visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    /// Skips attributes: a comment that links to a type does not use it.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    /// Skips `pub(in path)` and `pub(super)`: they name who may use this module.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}

fn is_test(attributes: &[Attribute]) -> bool {
    let is_test = |attribute: &Attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string().contains("test"),
        _ => false,
    };
    attributes.iter().any(is_test)
}

/// Returns the names of types and traits that are declared more than once in a crate, with their modules.
pub(crate) fn type_names_twice(folder: &Path) -> BTreeMap<String, Vec<Module>> {
    let mut declared: BTreeMap<String, Vec<Module>> = BTreeMap::new();
    for (module, path) in files(folder) {
        let file = syn::parse_file(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for item in &file.items {
            if let Some((name, attributes)) = declared_type(item)
                && !is_test(attributes)
            {
                declared.entry(name).or_default().push(module.clone());
            }
        }
    }
    declared.retain(|_, modules| modules.len() > 1);
    declared
}

fn declared_type(item: &syn::Item) -> Option<(String, &[Attribute])> {
    let (name, attributes) = match item {
        syn::Item::Struct(item) => (&item.ident, &item.attrs),
        syn::Item::Enum(item) => (&item.ident, &item.attrs),
        syn::Item::Union(item) => (&item.ident, &item.attrs),
        syn::Item::Trait(item) => (&item.ident, &item.attrs),
        syn::Item::Type(item) => (&item.ident, &item.attrs),
        _ => return None,
    };
    Some((name.to_string(), attributes))
}
