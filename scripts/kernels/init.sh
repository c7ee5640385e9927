#!/bin/busybox sh
# First program of the virtual machine: the host's file system, below a layer that takes what is written, then /command.
# What the command prints goes to the serial line that $output names, its status behind it.
busybox=/bin/busybox
$busybox mount -t proc proc /proc
$busybox mount -t sysfs sysfs /sys
$busybox mount -t devtmpfs devtmpfs /dev
for module in /modules/*.ko; do
  # what the kernel has built in is not there, what it lacks does not load
  $busybox insmod "$module" 2>/dev/null
done

$busybox mkdir -p /host /layer /root
$busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose host /host ||
  $busybox mount -t virtiofs -o ro host /host || echo "kernels: no way to the host's files"
$busybox mount -t tmpfs -o size=75% tmpfs /layer
$busybox mkdir /layer/upper /layer/work
$busybox mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work overlay /root

cd /root || exit
for folder in proc sys dev; do $busybox mount --move "/$folder" "/root/$folder"; done
$busybox mkdir -p dev/pts dev/shm
$busybox mount -t devpts devpts dev/pts
$busybox mount -t tmpfs tmpfs dev/shm
$busybox mount -t tmpfs tmpfs run
$busybox mount -t tracefs tracefs sys/kernel/tracing
$busybox mount -t bpf bpf sys/fs/bpf
$busybox mount -t cgroup2 cgroup2 sys/fs/cgroup
$busybox ip link set lo up
$busybox cp /command run/command
$busybox stty -F "dev/$output" raw -echo
$busybox chroot /root /bin/sh /run/command <dev/null >"dev/$output" 2>&1
echo "kernels: status $?" >"dev/$output"
$busybox sleep 1
$busybox poweroff -f
