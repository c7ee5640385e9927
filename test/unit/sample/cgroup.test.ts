import { describe, expect, test } from 'vitest'
import { readGroup } from '../../../src/facts/cgroup.ts'

const ID = '0123456789abcdef'.repeat(4)
const OTHER = 'fedcba9876543210'.repeat(4)
const POD = '6f1f9ad3-2f0b-4b6e-8c4f-9f1f0f9e2d11'
const POD_ = POD.replaceAll('-', '_')
const HASH = '0123456789abcdef'.repeat(2)
const ROOTLESS = { container: ID, unit: 'user@1000.service' }
const NOTHING = { container: null, pod: null, unit: null }

const v2 = (path: string): string => `0::${path}\n`

describe('the control group of', () => {
  test.each([
    ['docker, cgroupfs', `/docker/${ID}`, { container: ID }],
    ['docker, systemd', `/system.slice/docker-${ID}.scope`, { container: ID }],
    ['docker in a container', `/docker/${OTHER}/docker/${ID}`, { container: ID }],
    [
      'a service in a docker container',
      `/docker/${ID}/system.slice/nginx.service`,
      { container: ID, unit: 'nginx.service' },
    ],
    ['podman, root', `/machine.slice/libpod-${ID}.scope/container`, { container: ID }],
    ['podman, cgroupfs', `/libpod_parent/libpod-${ID}`, { container: ID }],
    [
      'podman, rootless',
      `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope/container`,
      { container: ID, unit: 'user@1000.service' },
    ],
    [
      'the monitor of podman, which is no container',
      `/machine.slice/libpod-conmon-${ID}.scope`,
      { unit: `libpod-conmon-${ID}.scope` },
    ],
    ['containerd', `/system.slice/containerd.service/${ID}`, { container: ID, unit: 'containerd.service' }],
    ['containerd, a namespace of its own', `/default/${ID}`, { container: ID }],
    ['Kubernetes, cgroupfs', `/kubepods/burstable/pod${POD}/${ID}`, { container: ID, pod: POD }],
    ['Kubernetes, guaranteed', `/kubepods/pod${POD}/${ID}`, { container: ID, pod: POD }],
    [
      'Kubernetes, systemd, containerd',
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${POD_}.slice/cri-containerd-${ID}.scope`,
      { container: ID, pod: POD },
    ],
    [
      'Kubernetes, systemd, containerd that was not told of it',
      `/system.slice/containerd.service/kubepods-burstable-pod${POD_}.slice:cri-containerd:${ID}`,
      { container: ID, pod: POD, unit: 'containerd.service' },
    ],
    [
      'Kubernetes in kind',
      `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${POD_}.slice/cri-containerd-${ID}.scope`,
      { container: ID, pod: POD },
    ],
    ['cri-o', `/kubepods.slice/kubepods-pod${POD_}.slice/crio-${ID}.scope/container`, { container: ID, pod: POD }],
    ['the monitor of cri-o', `/system.slice/crio-conmon-${ID}.scope`, { unit: `crio-conmon-${ID}.scope` }],
    ['a service', '/system.slice/nginx.service', { unit: 'nginx.service' }],
    ['a service with instances', '/system.slice/system-getty.slice/getty@tty1.service', { unit: 'getty@tty1.service' }],
    ['a service with its own groups', '/system.slice/postgresql.service/workers', { unit: 'postgresql.service' }],
    ['a session', '/user.slice/user-1000.slice/session-3.scope', { unit: 'session-3.scope' }],
    [
      'a service of a user',
      '/user.slice/user-1000.slice/user@1000.service/app.slice/pipewire.service',
      { unit: 'pipewire.service' },
    ],
    ['a static pod', `/kubepods/burstable/pod${HASH}/${ID}`, { container: ID, pod: HASH }],
    [
      'a static pod, systemd',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${HASH}.slice/cri-containerd-${ID}.scope`,
      { container: ID, pod: HASH },
    ],
    ['ECS on EC2', `/ecs/${POD}/${ID}`, { container: ID }],
    ['ECS on Fargate', `/ecs/${HASH}/${HASH}-1234567890`, { container: `${HASH}-1234567890` }],
    ['LXC', '/lxc.payload.web', { container: 'web' }],
    ['LXC, and a service in it', '/lxc.payload.web/system.slice/a.service', { container: 'web', unit: 'a.service' }],
    ['LXC before 4, Proxmox', '/lxc/101/ns/init.scope', { container: '101', unit: 'init.scope' }],
    ['the monitor of LXC', '/lxc.monitor.web', {}],
    ['docker in LXC', `/lxc.payload.web/docker/${ID}`, { container: ID }],
    ['systemd-nspawn', String.raw`/machine.slice/machine-my\x2dweb.scope/payload`, { container: 'my-web' }],
    [
      'systemd-nspawn as a service',
      '/machine.slice/systemd-nspawn@web.service/payload',
      { container: 'web', unit: 'systemd-nspawn@web.service' },
    ],
    [
      'a service in systemd-nspawn',
      '/machine.slice/systemd-nspawn@web.service/payload/system.slice/cron.service',
      { container: 'web', unit: 'cron.service' },
    ],
    [
      'systemd-nspawn itself',
      '/machine.slice/systemd-nspawn@web.service/supervisor',
      { unit: 'systemd-nspawn@web.service' },
    ],
    [
      'a virtual machine',
      String.raw`/machine.slice/machine-qemu\x2d1\x2dvm.scope/libvirt/emulator`,
      { unit: String.raw`machine-qemu\x2d1\x2dvm.scope` },
    ],
    ['Garden', `/garden/${HASH}`, { container: HASH }],
    ['Mesos', `/mesos/${POD}`, { container: POD }],
    ['podman, cgroups split', `/user.slice/app.service/libpod-payload-${ID}`, { container: ID, unit: 'app.service' }],
    ['docker, rootless', `/user.slice/user-1000.slice/user@1000.service/app.slice/docker-${ID}.scope`, ROOTLESS],
    ['the monitor of podman, on its own', `/machine.slice/conmon-${ID}.scope`, { unit: `conmon-${ID}.scope` }],
    ['the first process', '/init.scope', { unit: 'init.scope' }],
    ['a kernel thread', '/', {}],
    ['a container seen from another one', `/../${ID}`, { container: ID }],
    ['a container that was removed', `/docker/${ID} (deleted)`, { container: ID }],
    ['a service that was removed', '/system.slice/nginx.service (deleted)', { unit: 'nginx.service' }],
  ])('%s', (_, path, expected) => {
    expect(readGroup(v2(path))).toEqual({ ...NOTHING, ...expected })
  })

  test('version 1, once for each controller', () => {
    const text = [
      '12:pids:/',
      `11:cpu,cpuacct:/kubepods/burstable/pod${POD}/${ID}`,
      `1:name=systemd:/kubepods/burstable/pod${POD}/${ID}`,
      '0::/system.slice/containerd.service',
      '',
    ].join('\n')
    expect(readGroup(text)).toEqual({ container: ID, pod: POD, unit: 'containerd.service' })
  })

  test('version 1 with a colon in the path', () => {
    expect(readGroup(`1:name=systemd:/a:b/docker-${ID}.scope\n`)).toEqual({ ...NOTHING, container: ID })
  })
})

describe('names that only look like one', () => {
  test.each([
    ['63 digits', `/docker/${ID.slice(1)}`],
    ['65 digits', `/docker/${ID}0`],
    ['capital digits', `/docker/${ID.toUpperCase()}`],
    ['an id that goes on', `/docker/${ID}-and-more`],
    ['an id in the middle of a name', `/docker/x${ID}`],
    ['a pod with another id', '/kubepods/pod1234/nothing'],
    ['a pod of 31 digits', `/kubepods/pod${HASH.slice(1)}/nothing`],
    ['a pod of 33 digits', `/kubepods/pod${HASH}0/nothing`],
    ['a task without a number', `/ecs/${HASH}`],
    ['the folder of LXC', '/lxc'],
    ['a group named as a member of all objects', '/constructor/x/__proto__/y'],
    ['a file name', '/data/nginx.service.d'],
    ['nothing', ''],
  ])('%s', (_, path) => {
    expect(readGroup(v2(path))).toEqual(NOTHING)
  })

  test('take no time, however long', () => {
    const path = `/${'pod0-'.repeat(20_000)}/${'a.'.repeat(50_000)}/${'0123456789abcdef'.repeat(10_000)}`
    expect(readGroup(v2(path))).toEqual(NOTHING)
  })

  test.each(['', '\n', 'no colon', ':', '::', '0:', 'x::y:z\n'])('text %j', text => {
    expect(readGroup(text)).toEqual(NOTHING)
  })
})
