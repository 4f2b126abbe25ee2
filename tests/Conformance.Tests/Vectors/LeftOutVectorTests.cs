using Xunit.Abstractions;

namespace FastStream.Tests.Conformance.Vectors;

/// <summary>Names what is not run, so that nothing is left out unseen.</summary>
public sealed class LeftOutVectorTests(ITestOutputHelper output)
{
    [Fact]
    public void LeftOut_VectorsAreNamedWithTheirReason()
    {
        var leftOut = Vector.All.Values
            .Select(vector => (vector.Name, Reason: VectorSelection.ReasonToLeaveOut(vector)))
            .Where(entry => entry.Reason is not null).ToArray();
        foreach (var reason in leftOut.GroupBy(entry => entry.Reason).OrderByDescending(group => group.Count()))
        {
            output.WriteLine($"{reason.Count(),3}  {reason.Key}:\n       {string.Join("\n       ", reason.Select(entry => entry.Name))}");
        }

        output.WriteLine($"{Vector.All.Count - leftOut.Length} of {Vector.All.Count} vectors run.");
        Assert.DoesNotContain(leftOut, entry => entry.Reason!.StartsWith("no test for the kind", StringComparison.Ordinal));
        Assert.DoesNotContain(leftOut, entry => entry.Reason!.StartsWith("no counterpart", StringComparison.Ordinal));
    }
}
