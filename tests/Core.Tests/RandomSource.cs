using Xunit.Abstractions;

namespace FastStream.Tests.Core;

/// <summary>Randomness for tests: a new seed each run, which is printed.</summary>
internal static class RandomSource
{
    public static Random New(ITestOutputHelper output)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        return new Random(seed);
    }
}
