# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are check.sh's
#
# Sourced by check.sh: the checks that read code as a compiler does.

# ---- compilers ----

# Names as the series has them.
plain_names()
{
	sed -e "s|$TREE/||g" -e ':again; s|[^/ ]*[^/. ]/\.\./||; t again'
}

# Configure, and build for architecture $1 with compiler $2 and make's argument $3.
build()
{
	MAKEFLAGS="L -- CC=$2"
	[ "$2" = clang ] || MAKEFLAGS=L
	export MAKEFLAGS
	built=$BUILD/check-${TREE##*/linux-}-$1-$2
	if configure "$1" "$TREE" "$built" modules changed; then
		configure "$1" "$TREE" "$built" modules || return
	fi
	directories=$(directories_for "$1")
	# What is compiled already says nothing.
	for directory in $directories; do
		rm -rf "${built:?}/$directory"
	done
	# shellcheck disable=SC2086 # a list of targets
	make -k -j"$JOBS" -C "$TREE" O="$built" ARCH="$1" \
		CROSS_COMPILE="$(compiler_for "$1")" KCFLAGS=-Wno-error \
		"$3" $directories
}

# Build all that the series compiles, with compiler $1 and make's argument $2.
# make has to show each file as $3.
compile()
{
	status=0
	for arch in arm64 x86_64; do
		(build $arch "$1" "$2") >>"$log" 2>&1 </dev/null || status=1
	done
	[ $status = 0 ] || echo "make fails: $log"

	sed -n 's|^\(drivers/.*\)\.c$|\1|p; s|^\(arch/.*\)\.c$|\1|p' \
		"$lists/series" | sort >"$lists/objects"
	plain_names <"$log" | sed -n "s/^  $3 .* \([^ ]*\)\.[co]$/\1/p" |
		sort -u | comm -13 - "$lists/objects" | sed 's/$/.c: not compiled/'
	[ -s "$lists/objects" ] || echo "the series compiles nothing"

	plain_names <"$log" | grep -v '^  [A-Z]' |
		grep -F "$(grep '\.[chS]$\|\.dtso$' "$lists/series")" | sort -u
}

check_build_w1_gcc()
{
	compile gcc W=1 CC
}

check_build_w1_clang()
{
	compile clang W=1 CC
}

check_sparse()
{
	compile gcc C=2 CHECK
}

# ---- KUnit's own tool ----

# kunit.py refuses a configuration that the kernel does not take as a whole.
check_kunit_config()
{
	for arch in arm64 x86_64; do
		kunit_config=tools/testing/kunit/configs/xen_unpopulated
		[ $arch = arm64 ] || kunit_config=${kunit_config}_$arch
		# It takes an old .config for an answer.
		rm -rf "$BUILD/check-${TREE##*/linux-}-$arch-kunit"
		(cd "$TREE" && PYTHONDONTWRITEBYTECODE=1 \
			python3 tools/testing/kunit/kunit.py config --arch=$arch \
			--cross_compile="$(compiler_for $arch)" \
			--kunitconfig=$kunit_config.config \
			--build_dir="$BUILD/check-${TREE##*/linux-}-$arch-kunit") \
			>>"$log" 2>&1 </dev/null ||
			echo "$kunit_config.config:0: kunit.py fails: $log"
	done
}

# ---- Debian's configurations ----

# make deb takes the smallest and the one of the other architecture, with its own options
# over them.
check_debian_config()
{
	debian_config x86_64 cloud amd64_none_cloud-amd64 "$HARNESS/config/debian-x86_64.config"
	debian_config arm64 arm64 arm64_none_arm64
}

#   debian_config ARCH FLAVOUR NAME [FRAGMENT]
debian_config()
{
	arch=$1 flavour=$2 name=$3 config=$BUILD/debian-config-$KERNEL/$3
	shift 3
	mkdir -p "$config.objects"
	{
		env -u MAKEFLAGS make -n -C "$TOP" BUILD="$BUILD" KERNEL="$KERNEL" \
			deb CONFIG="$flavour" &&
		sh "$HARNESS/host/packages.sh" config "$KERNEL" "$arch" "$name" "$config" &&
		BASE_CONFIG=$config ARCH=$arch CROSS_COMPILE=$(compiler_for "$arch") \
		sh "$HARNESS/config/config.sh" "$TREE" "$config.objects" \
			"$HARNESS/config/debian.config" "$@"
	} >>"$log" 2>&1 </dev/null || echo "$name:0: $(tail -n 1 "$log")"
}

# ---- semantic patches ----

check_coccicheck()
{
	ours '\.c$' >"$lists/cocci"
	grep -rl '^virtual report' "$TREE/scripts/coccinelle" |
		xargs grep -L ocaml | sort >"$lists/semantic-patches"
	[ -s "$lists/semantic-patches" ] || echo "no semantic patches"
	# shellcheck disable=SC2016 # expanded by the inner shell
	xargs -a "$lists/semantic-patches" -n 1 -P "$JOBS" sh -c '
		options=$(sed -n "s|^// *Options: *||p" "$2")
		xargs -a "$1" spatch -D report --no-show-diff --very-quiet \
			--cocci-file "$2" $options 2>&1 ||
			echo "$2:0: spatch fails"' \
		sh "$lists/cocci" >"$log" || :
	grep '^[^ ]*:[0-9]' "$log" | sort || :
}
