/** Who sends: the machine and this program. */

import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  type DetectedResourceAttributes,
  detectResources,
  hostDetector,
  osDetector,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import { VERSION } from '../../version.ts'

/**
 * host.*, os.* and service.*, with what OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say above all. The instance is a
 * random one unless they name it: two that run on one host must not write the same series.
 */
export function exportResource(): Resource {
  const own = resourceFromAttributes({
    'service.name': 'ebpf-top',
    'service.version': VERSION,
    'service.instance.id': randomUUID(),
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.language': 'nodejs',
  })
  return own.merge(
    detectResources({
      detectors: [
        { detect: () => ({ attributes: host() }) },
        osDetector,
        resourceAttributesEnvDetector,
        serviceNameEnvDetector,
      ],
    }),
  )
}

/** The SDK finds the id later, when a request was perhaps made already, and takes it where it is none. */
function host(): DetectedResourceAttributes {
  const { 'host.id': _, ...attributes } = hostDetector.detect().attributes ?? {}
  const id = machineId()
  return id === null ? attributes : { ...attributes, 'host.id': id }
}

/** The first that can be read counts (machine-id(5)); the other one is older. */
const MACHINE_ID_FILES = ['/etc/machine-id', '/var/lib/dbus/machine-id']

/** Null where this machine has none: the file is empty in an image, and `uninitialized` at the first start. */
export function machineId(files = MACHINE_ID_FILES): string | null {
  for (const file of files) {
    try {
      const text = readFileSync(file, 'utf8').trim()
      if (/^[\da-f]{32}$/i.test(text)) return text
    } catch {
      // not there
    }
  }
  return null
}
