//! The two npm projects: `web/` and `e2e/`.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell::{command, root, run};
use crate::system::need_node;

/// The lock file as it was when the packages were installed.
const INSTALLED: &str = "node_modules/.dopo-package-lock.json";

/// npm in one of the projects.
pub(crate) fn npm(project: &str) -> Command {
    let mut npm = command("npm");
    npm.current_dir(root().join(project));
    npm
}

/// Installs exactly the packages of the lock file, unless they are there already.
pub(crate) fn install(project: &str) -> Result<()> {
    need_node()?;
    let dir = root().join(project);
    let lock = fs::read(dir.join("package-lock.json"))
        .with_context(|| format!("cannot read {project}/package-lock.json"))?;
    if fs::read(dir.join(INSTALLED)).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    eprintln!("Installing the npm packages of {project}/: its tools are not on the machine.");
    run(npm(project).args(["ci", "--no-fund", "--no-audit", "--loglevel=error"]))
        .with_context(|| format!("cannot install the packages of {project}/"))?;
    fs::write(dir.join(INSTALLED), lock)?;
    Ok(())
}

/// Builds `web/dist`, which the program embeds.
pub(crate) fn build() -> Result<()> {
    install("web")?;
    run(npm("web").args(["run", "--silent", "build"]))
}

/// Everything that checks `web/`, the types made from `docs/openapi.json` among it, and its build.
pub(crate) fn check() -> Result<()> {
    install("web")?;
    for script in ["api-check", "typecheck", "lint", "test", "build"] {
        run(npm("web").args(["run", "--silent", script]))?;
    }
    Ok(())
}
