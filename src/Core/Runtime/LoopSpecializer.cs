using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// Gives every user function machine code of its own for the loop that calls it: operators that call one carry a marker type, and the
/// just-in-time compiler compiles (and profiles) them anew for each marker.
/// </summary>
/// <remarks>
/// Without it all <c>Map</c> operators of a process that share record types share one loop and one profile, the
/// compiler can inline only one of their functions, and which one is chance. The same function always gets the same
/// marker, so code is made once however many contexts use it. There are
/// 64 markers; more functions share. Where code is compiled ahead of time there is one, and no profile to spoil.
/// docs/decisions/0005-isolated-profiles.md has the numbers.
/// </remarks>
internal abstract class LoopSpecializer
{
    // By the type that declares the function, so that nothing here keeps it from being unloaded.
    private static readonly ConditionalWeakTable<Type, ConcurrentDictionary<MethodInfo, LoopSpecializer>> ByFunction = [];

    // Methods of no type, and generic ones over types that unload before the method's does: as long as a delegate leads to them.
    private static readonly ConditionalWeakTable<MethodInfo, LoopSpecializer> ByMethod = [];
    private static readonly LoopSpecializer[] All = RuntimeFeature.IsDynamicCodeSupported
        ? Markers() : [new LoopSpecializer<Marker<byte, byte>>()];
    private static int _next = -1;   // markers given out

    /// <summary>The isolation of a function; the same each time.</summary>
    public static LoopSpecializer Of(Delegate function)
    {
        MethodInfo method = function.Method;
        return method.DeclaringType is { } type && (type.IsCollectible || !method.IsCollectible)
            ? ByFunction.GetOrCreateValue(type).GetOrAdd(method, static _ => Next())
            : ByMethod.GetValue(method, static _ => Next());
    }

    /// <summary>Makes an operator under this marker.</summary>
    public abstract Operator<T> Create<T>(ISpecializedFactory<T> maker);

    private static LoopSpecializer Next() => All[(uint)Interlocked.Increment(ref _next) % (uint)All.Length];

    private static LoopSpecializer[] Markers()
    {
        var all = new List<LoopSpecializer>();
        AddRow<byte>(all);
        AddRow<sbyte>(all);
        AddRow<short>(all);
        AddRow<ushort>(all);
        AddRow<int>(all);
        AddRow<uint>(all);
        AddRow<long>(all);
        AddRow<ulong>(all);
        return [.. all];
    }

    private static void AddRow<TRow>(List<LoopSpecializer> all)
        where TRow : struct
    {
        all.Add(new LoopSpecializer<Marker<TRow, byte>>());
        all.Add(new LoopSpecializer<Marker<TRow, sbyte>>());
        all.Add(new LoopSpecializer<Marker<TRow, short>>());
        all.Add(new LoopSpecializer<Marker<TRow, ushort>>());
        all.Add(new LoopSpecializer<Marker<TRow, int>>());
        all.Add(new LoopSpecializer<Marker<TRow, uint>>());
        all.Add(new LoopSpecializer<Marker<TRow, long>>());
        all.Add(new LoopSpecializer<Marker<TRow, ulong>>());
    }

    // Only its type matters.
    private readonly struct Marker<TRow, TColumn>;
}

internal sealed class LoopSpecializer<TMarker> : LoopSpecializer
    where TMarker : struct
{
    public override Operator<T> Create<T>(ISpecializedFactory<T> maker) => maker.Create<TMarker>();
}

/// <summary>Makes an operator for a marker type.</summary>
/// <typeparam name="T">The record that the operator takes in.</typeparam>
internal interface ISpecializedFactory<T>
{
    Operator<T> Create<TMarker>()
        where TMarker : struct;
}
