/** What a release is made of besides our own code: licences for people, an SBOM for programs. */

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Metafile } from 'esbuild'
import { sha256 } from './archive.ts'
import type { Part } from './parts.ts'

const root = path.join(import.meta.dirname, '../..')

/** The npm packages of which the bundle holds anything, by their names. */
export function bundledParts(metafile: Metafile): Part[] {
  const folders = new Set<string>()
  for (const output of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder)
    }
  }
  return [...folders].sort().map(folder => {
    const at = path.join(root, folder)
    const { name, version, license }: { name: string; version: string; license?: string } = JSON.parse(
      readFileSync(path.join(at, 'package.json'), 'utf8'),
    )
    const licence = license ?? 'see its text'
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
    return { name, version, licence, text: licenceText(at, licence), purl }
  })
}

function licenceText(folder: string, licence: string): string {
  const file = readdirSync(folder).find(name => /^(licen[cs]e|copying)/i.test(name))
  return file === undefined ? `${licence}\n` : readFileSync(path.join(folder, file), 'utf8')
}

/** A text with all licences, each once with the parts that it is of. */
export function licences(parts: readonly Part[]): string {
  const byText = Map.groupBy(parts, ({ text }) => text.trim())
  const rule = '='.repeat(80)
  return [...byText]
    .map(([text, of]) => {
      const names = of.map(({ name, version, licence }) => `${name} ${version} (${licence})`)
      return `\n${rule}\n${names.join('\n')}\n${rule}\n\n${text}\n`
    })
    .join('')
}

interface Component {
  readonly name: string
  readonly version: string
  readonly purl?: string
}

/** CycloneDX: what `npm sbom` says of the bundled packages, and the parts that npm knows nothing of. */
export function sbom(version: string, seconds: number, bundled: readonly Part[], others: readonly Part[]): string {
  const text = execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  const all: { components: Component[]; metadata: object } = JSON.parse(text)
  const wanted = new Set(bundled.map(({ purl }) => purl))
  const components = [
    ...all.components.filter(({ purl = '' }) => wanted.has(purl)),
    ...others.map(({ name, version, licence, purl }) => ({
      ...{ 'bom-ref': purl, type: 'library', name, version, purl },
      licenses: [licence.includes(' ') ? { expression: licence } : { license: { id: licence } }],
    })),
  ]
  const missing = bundled.filter(({ purl }) => !components.some(component => component.purl === purl))
  if (missing.length > 0) throw new Error(`npm sbom does not know ${missing.map(({ name }) => name).join(', ')}`)
  const digest = sha256(JSON.stringify(components))
  const serial = digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, '$1-$2-5$3-8$4-$5')
  const metadata = {
    timestamp: new Date(seconds * 1000).toISOString(),
    component: { 'bom-ref': `ebpf-top@${version}`, type: 'application', name: 'ebpf-top', version },
  }
  const head = { bomFormat: 'CycloneDX', specVersion: '1.5', serialNumber: `urn:uuid:${serial}`, version: 1 }
  return `${JSON.stringify({ ...head, metadata, components }, null, 2)}\n`
}
