// Bundles the plugin into dist/: one ES module and the viewer's configuration. The output depends on nothing
// but the sources and the pinned packages, so that the committed dist/ can be compared with a fresh one.
import { copyFile, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = new URL('.', import.meta.url);
const out = process.argv[2] ?? fileURLToPath(new URL('dist', here));

await mkdir(out, { recursive: true });
await build({
  absWorkingDir: fileURLToPath(here),
  entryPoints: { radloop: 'src/index.ts' },
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minifySyntax: true,
  minifyWhitespace: true, // names stay, for whoever reads a stack trace
  charset: 'utf8',
  legalComments: 'inline',
  logLevel: 'warning',
});
await copyFile(new URL('src/app-config.js', here), `${out}/app-config.js`);
