/* SPDX-License-Identifier: GPL-2.0 */
#define dma_default_coherent	false
