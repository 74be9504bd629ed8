// Bundles the style and the scripts into dist/ under names that carry a hash of their content, so that a browser may
// keep them for ever, and writes manifest.json: source name to built name.
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";

// Built beside and put in place at the end: whoever serves the old ones meanwhile finds them whole.
const out = "dist-next";
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
// What is bundled from a package brings that package's licence along, and its notice.
const bundled = Object.keys(result.metafile.inputs).map((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1]);
const told = [];
for (const name of [...new Set(bundled)].filter((n) => n !== undefined).sort()) {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
  const papers = (await readdir(folder)).filter((n) => /^(licen[cs]e|notice|copying)\b/i.test(n)).sort();
  if (!papers.length) throw new Error(`${name} has no licence to bring along`);
  const texts = await Promise.all(papers.map((paper) => readFile(`${folder}/${paper}`, "utf8")));
  told.push(`${name} ${version} (${license})\n\n${texts.map((text) => text.trim()).join("\n\n")}\n`);
}
await writeFile(`${out}/licenses.txt`, told.join(`\n${"-".repeat(80)}\n\n`));
await writeFile(`${out}/manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
await rm("dist", { recursive: true, force: true });
await rename(out, "dist");
