/** The image, as an OCI archive, without a daemon: the C library, the executable, and nothing else. */

import { cpSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Architecture, GNU } from '../compile.ts'
import { type Epoch, gzip, settle, sha256, tar, write } from './archive.ts'

const ARCHITECTURE = { x64: 'amd64', arm64: 'arm64' } as const

/** Where programs look for the dynamic linker. */
const LINKER = { x64: 'lib64/ld-linux-x86-64.so.2', arm64: 'lib/ld-linux-aarch64.so.1' } as const

/** What Node is linked with, and what looks up names of hosts. */
const LIBRARIES = ['libc', 'libm', 'libdl', 'libpthread', 'libresolv', 'libnss_files', 'libnss_dns'].map(
  name => new RegExp(`^${name}\\.so\\.\\d+$`),
)

export interface ImageSettings extends Epoch {
  readonly architecture: Architecture
  readonly version: string
  readonly executable: Buffer
  /** Folder with an unpacked C library. */
  readonly libc: string
  readonly licences: string
}

/** Writes the archive into `target`, with `folder` to work in. */
export function makeImage(folder: string, settings: ImageSettings, target: string): void {
  const { architecture, version, executable, libc, licences, seconds } = settings
  const tree = path.join(folder, 'root')
  const put = (file: string, content: string | Uint8Array, mode?: number): void =>
    write(path.join(tree, file), content, mode)
  put('usr/bin/ebpf-top', executable, 0o755)
  put('usr/share/doc/ebpf-top/copyright', licences)
  put('etc/passwd', 'root:x:0:0:root:/:/nonexistent\nnobody:x:65534:65534:nobody:/:/nonexistent\n')
  put('etc/group', 'root:x:0:\nnogroup:x:65534:\n')
  put('etc/nsswitch.conf', 'hosts: files dns\n')
  copyLibc(libc, tree, architecture)
  // where the container's own are mounted; the root is read-only
  for (const name of ['proc', 'sys', 'dev', 'tmp']) mkdirSync(path.join(tree, name), { recursive: true })
  settle(tree, { seconds })

  const layout = path.join(folder, 'layout')
  const blob = (content: Buffer, mediaType: string) => {
    const digest = sha256(content)
    write(path.join(layout, 'blobs/sha256', digest), content)
    return { mediaType, digest: `sha256:${digest}`, size: content.length }
  }
  const created = new Date(seconds * 1000).toISOString()
  const files = tar(tree, ['.'], { seconds })
  const layer = blob(gzip(files), 'application/vnd.oci.image.layer.v1.tar+gzip')
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value))
  const labels = { 'org.opencontainers.image.version': version, 'org.opencontainers.image.licenses': 'Apache-2.0' }
  const config = blob(
    json({
      ...{ created, architecture: ARCHITECTURE[architecture], os: 'linux' },
      config: {
        Entrypoint: ['/usr/bin/ebpf-top'],
        Cmd: ['--headless', '--export', 'otlp'],
        Env: ['PATH=/usr/bin'],
        Labels: labels,
      },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(files)}`] },
      history: [{ created, created_by: 'npm run release' }],
    }),
    'application/vnd.oci.image.config.v1+json',
  )
  const manifestType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = blob(json({ schemaVersion: 2, mediaType: manifestType, config, layers: [layer] }), manifestType)
  const annotations = {
    'org.opencontainers.image.ref.name': version,
    'io.containerd.image.name': `docker.io/library/ebpf-top:${version}`,
  }
  write(path.join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  write(path.join(layout, 'index.json'), json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }))
  // by which docker load knows it as well
  const manifests = [
    {
      Config: `blobs/sha256/${config.digest.slice(7)}`,
      RepoTags: [`ebpf-top:${version}`],
      Layers: [`blobs/sha256/${layer.digest.slice(7)}`],
    },
  ]
  write(path.join(layout, 'manifest.json'), json(manifests))
  settle(layout, { seconds })
  writeFileSync(target, tar(layout, readdirSync(layout).sort(), { seconds }))
}

function copyLibc(libc: string, tree: string, architecture: Architecture): void {
  const files = readdirSync(libc, { recursive: true, encoding: 'utf8' })
  for (const file of files) {
    const name = path.basename(file)
    if (!path.dirname(file).endsWith(`lib/${GNU[architecture]}`)) continue
    if (!LIBRARIES.some(wanted => wanted.test(name)) && name !== path.basename(LINKER[architecture])) continue
    const isLinker = name === path.basename(LINKER[architecture])
    const to = path.join(tree, isLinker ? LINKER[architecture] : `lib/${GNU[architecture]}/${name}`)
    mkdirSync(path.dirname(to), { recursive: true })
    cpSync(realpathSync(path.join(libc, file)), to)
  }
}
