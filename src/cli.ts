#!/usr/bin/env node
// Only what Node 12 can read stands here, and no static import: an old Node has to get as far as saying that it is old.

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(
    `ebpf-top: Node ${process.versions.node} is too old\n  run it with Node 22.15 or newer; a checkout brings its own: ./ebpf-top\n`,
  )
  process.exitCode = 3
} else {
  import('./cli/main.ts').then(cli => cli.main(process.argv.slice(2)))
}
