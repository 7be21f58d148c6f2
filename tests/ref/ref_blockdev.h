/*
 * Devices of the tests' machines: a disk of 7,200 rpm, and a drive of flash memory, of 1 GB each.
 */
#ifndef MMSIM_REF_BLOCKDEV_H
#define MMSIM_REF_BLOCKDEV_H

#include "model/mm/blockdev.h"

extern const struct disk_cfg ref_disk;
extern const struct flash_cfg ref_flash;

#endif
