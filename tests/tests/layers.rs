//! The layers of the workspace: a crate depends on crates of strictly lower layers only.
//!
//! Dev-dependencies are exempt: a test may look from above.

use std::collections::HashMap;

use cargo_metadata::{DependencyKind, MetadataCommand};

#[test]
fn arrows_between_crates_point_downwards() {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .expect("cargo metadata answers");
    let layers: HashMap<&str, u64> = metadata
        .packages
        .iter()
        .map(|package| {
            let layer = package.metadata["layer"].as_u64();
            let layer = layer.unwrap_or_else(|| panic!("{} has no [package.metadata] layer", package.name));
            (package.name.as_str(), layer)
        })
        .collect();
    assert!(layers.len() > 10, "the workspace has its crates: {layers:?}");

    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let own = layers[package.name.as_str()];
        for dependency in package
            .dependencies
            .iter()
            .filter(|d| d.kind != DependencyKind::Development)
        {
            if let Some(&below) = layers.get(dependency.name.as_str())
                && below >= own
            {
                wrong.push(format!(
                    "{} (layer {own}) -> {} (layer {below})",
                    package.name, dependency.name
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "dependencies that do not point to a lower layer:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn packages_carry_the_name_of_their_folder_and_are_not_published() {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .expect("cargo metadata answers");
    for package in &metadata.packages {
        let folder = package
            .manifest_path
            .parent()
            .and_then(|folder| folder.file_name());
        assert_eq!(folder, Some(package.name.as_str()), "{}", package.manifest_path);
        assert_eq!(
            package.publish.as_deref(),
            Some(&[][..]),
            "{} has publish = false",
            package.name
        );
    }
}
