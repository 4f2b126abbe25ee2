using System.Globalization;
using Xunit.Abstractions;

namespace FastStream.Tests.Core;

/// <summary>Randomness for tests: a new seed each run, which is printed; FASTSTREAM_TEST_SEED runs a printed one again.</summary>
internal static class RandomSource
{
    public static Random New(ITestOutputHelper output)
    {
        int seed = Environment.GetEnvironmentVariable("FASTSTREAM_TEST_SEED") is { Length: > 0 } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        return new Random(seed);
    }
}
