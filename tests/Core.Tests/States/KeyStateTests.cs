namespace FastStream.Tests.Core.State;

/// <summary><c>MapWithState</c> with types found by the compiler does what it does with a specification.</summary>
public sealed class KeyStateTests
{
    private static readonly IReadOnlyList<IReadOnlyList<(string Key, int Value)>> Pairs = [[("a", 1), ("a", 2), ("b", 5)], [],
        [("a", 4)], []];

    [Fact]
    public void MapWithState_OfAType_IsAsWithASpecification()
    {
        IReadOnlyList<IReadOnlyList<(string, long)>?> found =
            StreamTest.Run(Pairs, pairs => pairs.MapWithState(KeyState.Of<long>(), (key, value, state) =>
        {
            state.Update(state.GetValueOrDefault() + value.Value);
            return (key, state.Value);
        }));
        Assert.Equal([[("a", 1), ("a", 3), ("b", 5)], [], [("a", 7)], []],
            found.Select(batch => (IReadOnlyList<(string, long)>)[.. batch!.Order()]));
    }

    [Fact]
    public void MapWithState_TimeOutAndInitialStates_AreTaken()
    {
        IReadOnlyList<IReadOnlyList<string>?> found = StreamTest.Run(
            Pairs,
            pairs => pairs.MapWithState(
                KeyState.Of<long>().Timeout(TimeSpan.FromSeconds(1)),
                (time, key, value, state) =>
                {
                    if (state.IsTimingOut)
                    {
                        return $"{key} out";
                    }

                    state.Update(state.GetValueOrDefault() + value.Value);
                    return state.Value > 100 ? $"{key}={state.Value}" : Optional<string>.None;
                },
                initialState: [("a", 100L)],
                partitions: 2));
        Assert.Equal([["a=103", "a=101"], [], ["b out", "a=107"], []],
            found.Select(batch => (IReadOnlyList<string>)[.. batch!.OrderDescending()]));
    }

    [Fact]
    public async Task MapWithState_Partitions_AreThoseOfTheStream()
    {
        await using var context = new StreamingContext(TimeSpan.FromSeconds(1));
        MapWithStateStream<int, int, int> stream =
            new ManualStream<(int Key, int Value)>(context).MapWithState(KeyState.Of<int>(), (key, value, state) => 0, partitions: 5);
        Assert.Equal(5, stream.PartitionCount);
    }

    [Fact]
    public void Timeout_Negative_IsRefused() =>
        Assert.Contains("leave the call out",
            Assert.Throws<ArgumentOutOfRangeException>(() => KeyState.Of<int>().Timeout(TimeSpan.FromTicks(-1))).Message);
}
