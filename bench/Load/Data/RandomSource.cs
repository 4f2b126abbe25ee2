namespace FastStream.Bench.Load;

/// <summary>
/// SplitMix64 (https://prng.di.unimi.it/splitmix64.c): a seed gives the same data on every machine and every runtime, which
/// System.Random does not promise.
/// </summary>
public sealed class RandomSource(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 random bits.</summary>
    public ulong NextBits()
    {
        ulong bits = _state += 0x9E3779B97F4A7C15;
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }

    /// <summary>A number from 0 to <paramref name="limit"/> - 1.</summary>
    public int Below(int limit) => (int)Math.BigMul(NextBits(), (ulong)limit, out _);

    /// <summary>A number in [0, 1).</summary>
    public double NextFraction() => (NextBits() >> 11) * (1.0 / (1UL << 53));
}
