// Bundles the style and the scripts into dist/ under names that carry a hash of their content, so that a browser may
// keep them for ever, and writes manifest.json: source name to built name.
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const out = "dist";
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
// What one page alone needs is a bundle of its own.
const pages = (await readdir("src/pages")).filter((n) => /\.(js|css)$/.test(n)).map((n) => `src/pages/${n}`);
const result = await build({
  // tokens.css and drawing.css are within style.css for the pages, and by themselves for the drawings that are saved.
  entryPoints: ["src/app.js", "src/theme.js", "src/style.css", "src/tokens.css", "src/drawing.css", ...pages],
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  outdir: out,
  entryNames: "[name]-[hash]",
  metafile: true,
});
/** @type {Record<string, string>} */
const manifest = {};
for (const [path, built] of Object.entries(result.metafile.outputs)) {
  if (built.entryPoint) manifest[built.entryPoint.replace("src/", "")] = path.replace(`${out}/`, "");
}
for (const name of (await readdir("src")).filter((n) => n.endsWith(".svg"))) {
  const hash = createHash("sha256").update(await readFile(`src/${name}`)).digest("hex").slice(0, 8).toUpperCase();
  manifest[name] = name.replace(".svg", `-${hash}.svg`);
  await cp(`src/${name}`, `${out}/${manifest[name]}`);
}
await writeFile(`${out}/manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
