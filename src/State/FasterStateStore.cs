namespace FastStream;

/// <summary>
/// Stores states in FASTER KV (Microsoft Research's hybrid log with a hash index): set it as
/// <see cref="StateOptions.Store"/>.
/// </summary>
/// <remarks>
/// Each partition of each state has a store of its own: a log of segment files with a checksum for each sector, and an
/// index in memory of 10 to 16 bytes a key. An eighth of <see cref="StateOptions.MemoryBytes"/> is for the index; what
/// a larger index takes is not counted. A snapshot appends only what has changed; garbage is collected a piece at a
/// time, while a snapshot is made. docs/guide/state.md has measurements. Thread safe. (Chandramouli et al., "FASTER: A
/// Concurrent Key-Value Store with In-Place Updates", SIGMOD 2018.)
/// </remarks>
/// <example><code>
/// var options = new StreamingOptions
/// {
///     BatchInterval = TimeSpan.FromSeconds(1),
///     Checkpoint = new CheckpointOptions { Directory = "job" },
///     State = new StateOptions { Store = new FasterStateStore(), MemoryBytes = 512 &lt;&lt; 20 },
/// };
/// </code></example>
public sealed class FasterStateStore : StateStore
{
    private const int SmallestPage = 64 << 10;
    private const int LargestPage = 64 << 20;

    /// <summary>
    /// Bytes of a page of the log, a power of two from 64 KiB to 64 MiB: a key and its state together must fit into one
    /// page. Default 0: an eighth of the store's memory, 64 KiB to 1 MiB. An existing store keeps the page size that it
    /// was made with.
    /// </summary>
    public int PageBytes { get; init; }

    /// <summary>
    /// Bytes of a segment file, a power of two from 1 MiB to 1 GiB, at least a page; default 32 MiB. The space of
    /// removed states is freed in whole segments.
    /// </summary>
    public int SegmentBytes { get; init; } = 32 << 20;

    /// <summary>In a log of fewer bytes than this, nothing is collected and no index is written.</summary>
    internal int LeastGarbageBytes { get; init; } = 16 << 20;

    /// <inheritdoc/>
    public override string Kind => "faster";

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public override KeyedStore Open(KeyedStoreSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ThrowIfNot(PageBytes == 0
            || IsPowerBetween(PageBytes, SmallestPage, LargestPage), nameof(PageBytes), PageBytes,
            "0 or a power of two from 64 KiB to 64 MiB is expected");
        ThrowIfNot(IsPowerBetween(SegmentBytes, 1 << 20, 1 << 30), nameof(SegmentBytes), SegmentBytes,
            "a power of two from 1 MiB to 1 GiB is expected");
        int page = PageBytes != 0 ? PageBytes : (int)Math.Clamp(PowerUpTo(settings.MemoryBytes / 8), SmallestPage, 1 << 20);
        var layout = new FasterLayout
        {
            PageBytes = page,
            SegmentBytes = Math.Max(page, SegmentBytes),
            LogBytes = Math.Max(4L * page, PowerUpTo(settings.MemoryBytes * 3 / 4)),
            IndexBytes = Math.Max(SmallestPage, PowerUpTo(settings.MemoryBytes / 8)),
            LeastGarbageBytes = LeastGarbageBytes,
        };
        return new FasterKeyedStore(settings, layout);
    }

    private static bool IsPowerBetween(int value, int from, int to) => int.IsPow2(value) && value >= from && value <= to;

    private static long PowerUpTo(long bytes) => bytes <= 1 ? 1 : 1L << (int)long.Log2(bytes);

    private static void ThrowIfNot(bool isValid, string name, object found, string expected)
    {
        if (!isValid)
        {
            throw new ArgumentOutOfRangeException(name, found, $"{name} is {found}; {expected}.");
        }
    }
}

/// <summary>Sizes of a store, each a power of two.</summary>
internal sealed record FasterLayout
{
    public required int PageBytes { get; init; }

    public required int SegmentBytes { get; init; }

    /// <summary>Memory for the log's newest pages.</summary>
    public required long LogBytes { get; init; }

    /// <summary>Initial memory for the index; it grows with the number of keys.</summary>
    public required long IndexBytes { get; init; }

    /// <summary>In a log of fewer bytes than this, nothing is collected and no index is written.</summary>
    public required int LeastGarbageBytes { get; init; }
}
