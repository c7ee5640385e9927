/** Who sends: the machine and this program. */

import { randomUUID } from 'node:crypto'
import {
  detectResources,
  hostDetector,
  osDetector,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import { VERSION } from '../cli/version.ts'

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
      detectors: [hostDetector, osDetector, resourceAttributesEnvDetector, serviceNameEnvDetector],
    }),
  )
}
